import { loadCollectorConfig } from '../../collector/config.ts';
import { defaultConfig } from '../../collector/default-config.ts';
import { type Arguments, usage } from './command.ts';

export const DATA_OPTIONS = { data: { type: 'string' }, config: { type: 'string' } } as const;

/** The collector's data directory that a command line names. Throws USAGE and ConfigError. */
export function dataDir(parsed: Arguments): string {
  const [data, config] = [parsed.text('data'), parsed.text('config')];
  if (data !== undefined && config !== undefined) throw usage('give --data or --config, not both');
  if (data === '') throw usage('--data is empty');
  if (data !== undefined) return data;
  return (config === undefined ? defaultConfig() : loadCollectorConfig(config)).data_dir;
}
