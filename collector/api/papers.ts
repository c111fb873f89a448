import type { FastifyInstance } from 'fastify';
import type { AppContext } from '../deps.ts';
import { calendarRoutes } from './papers-calendar.ts';
import { declarationRoutes } from './papers-declarations.ts';
import { incidentRemarkRoutes } from './papers-incidents.ts';
import { maintenanceRoutes } from './papers-maintenance.ts';
import { settingsRoutes } from './papers-settings.ts';
import { topologyRoutes } from './papers-topology.ts';

/**
 * What people put into the ledger of a site: working time, thresholds, adopted links, planned
 * work, and what they say of incidents. Operators write, everybody who sees the site reads.
 */
export function paperRoutes(app: FastifyInstance, context: AppContext): void {
  maintenanceRoutes(app, context);
  incidentRemarkRoutes(app, context);
  calendarRoutes(app, context);
  settingsRoutes(app, context);
  topologyRoutes(app, context);
  declarationRoutes(app, context);
}
