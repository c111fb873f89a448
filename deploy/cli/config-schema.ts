import { AgentSchema } from '../../agent/config-schema.ts';
import { CollectorSchema } from '../../collector/config.ts';
import { InventorySchema } from '../../shared/node/inventory-schema.ts';
import { jsonSchema } from '../../shared/node/yaml-file.ts';
import { type Command, EXIT_OK, readArguments, usage } from './command.ts';

const SCHEMAS = {
  agent: [AgentSchema, 'agent.yml'],
  collector: [CollectorSchema, 'collector.yml'],
  inventory: [InventorySchema, 'inventory.yml'],
} as const;

export const configSchemaCommand: Command = {
  summary: 'print the JSON Schema of a configuration file',
  usage: `lanproof config schema agent|collector|inventory
  Prints the JSON Schema (2020-12) of the file, for editors: every key with its meaning.`,
  async run(args, io) {
    const [name = ''] = readArguments(args, {}, ['agent|collector|inventory']).words;
    const found = Object.entries(SCHEMAS).find(([known]) => known === name)?.[1];
    if (found === undefined) throw usage('write agent, collector or inventory');
    const [schema, title] = found;
    io.out(jsonSchema(schema, title).trimEnd());
    return EXIT_OK;
  },
};
