import { resolve } from 'node:path';
import { splitListen } from '../shared/node/host-port.ts';
import { checkValue } from '../shared/node/yaml-file.ts';
import { type CollectorConfig, CollectorSchema } from './config.ts';

/** What `npm start` runs with: every default of collector.yml, data in ./data, loopback only. */
export function defaultConfig(): CollectorConfig {
  const value = checkValue(CollectorSchema, {}, { title: 'defaults' });
  return {
    listen: splitListen(value.listen),
    data_dir: resolve(value.data_dir),
    public_url: undefined,
    tls: false,
    trust_proxy: value.trust_proxy,
    retention: value.retention,
    timezone: value.timezone,
    anchors: { rfc3161: [], witnesses: [] },
    log: value.log,
    warnings: [],
  };
}
