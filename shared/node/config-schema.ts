import Type from 'typebox';

/** Pieces that agent.yml and collector.yml share. */

const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'] as const;

export const closed = { additionalProperties: false } as const;

export const LogSchema = Type.Object(
  {
    level: Type.Enum(LOG_LEVELS, { default: 'info', description: 'The least that is written.' }),
  },
  { ...closed, default: {}, description: 'The program log (JSON lines on standard output).' },
);
