import {
  missingKeys,
  REPLACE_REASON_CHARS_MAX,
  replaceKey,
} from '../../../collector/key-replacement.ts';
import { lockDataDir } from '../../../collector/store/sqlite/data-lock.ts';
import { requireStore } from '../../../collector/store/sqlite/snapshot.ts';
import { LanProofError } from '../../../shared/errors.ts';
import { shortCode } from '../../../shared/evidence/keys.ts';
import { createNodeCrypto } from '../../../shared/node/crypto.ts';
import { type Command, EXIT_OK, readArguments, usage } from '../command.ts';
import { dataDir } from '../data-dir.ts';

export const keyReplaceCommand: Command = {
  summary: 'a new key where the one of the collector is lost for ever',
  usage: `lanproof key replace --reason TEXT [--document] [--data DIR]
  Only where log.key or document.key is missing and no sealed copy of it exists (lanproof key
  import). The collector must be stopped. Its next start closes the log and opens the next one,
  whose first document says why. Nothing that was logged changes. Run by root, the new key belongs
  to the owner of the data directory.

  A lost log key: agents follow by themselves, because the document key that they know signs the
  opening of the next log. A lost document key (--document): agents can believe nothing of this
  collector any more. It refuses them until each is enrolled anew with a token, for a new epoch;
  what they measure meanwhile stays in their spools and is lost to the new epoch.

  --reason TEXT     what happened; it stands in the log for ever
  --document        yes, the document key is lost, and every agent will be enrolled anew
  --data DIR        the collector's data directory
  --config FILE     or its configuration; without both: ./data`,
  async run(args, io) {
    const parsed = readArguments(args, {
      data: { type: 'string' },
      config: { type: 'string' },
      reason: { type: 'string' },
      document: { type: 'boolean' },
    });
    const reason = parsed.required('reason').replace(/\s+/g, ' ').trim();
    if (reason === '' || reason.length > REPLACE_REASON_CHARS_MAX) {
      throw usage(`--reason has 1 to ${REPLACE_REASON_CHARS_MAX} characters`);
    }
    const data_dir = dataDir(parsed);
    requireStore(data_dir);
    const lock = lockDataDir(data_dir);
    try {
      const missing = missingKeys(data_dir);
      if (missing.length === 0) throw nothingMissing(data_dir);
      if (missing.includes('document') && !parsed.flag('document')) throw graver(data_dir);
      for (const name of missing) {
        const key = replaceKey(data_dir, name, reason);
        io.out(`new ${name} key, short code ${shortCode(createNodeCrypto(), key)}`);
      }
      io.err('next: start the collector; it opens the next log. Then lanproof key export.');
      if (missing.includes('document')) io.err('every agent has to be enrolled anew');
    } finally {
      lock.release();
    }
    return EXIT_OK;
  },
};

function nothingMissing(place: string): LanProofError {
  return new LanProofError('KEY_NOT_MISSING', 'both keys are there', {
    hint: 'only a lost key is replaced: nothing is wrong with a log whose key is there',
    place,
  });
}

function graver(place: string): LanProofError {
  return new LanProofError('DOCUMENT_KEY_MISSING', 'the document key is missing, too', {
    hint: 'look for a sealed copy first; if there is none, add --document: all agents enrol anew',
    place,
  });
}
