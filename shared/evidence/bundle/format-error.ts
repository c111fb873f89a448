import { LanProofError } from '../../errors.ts';

/** The one error of the readers of a bundle's files; `place` is the file and a line or byte. */
export function bundleFormat(place: string, what: string, cause?: unknown): LanProofError {
  return new LanProofError('BUNDLE_FORMAT', `not a bundle of version 1: ${what}`, {
    hint: 'give the zip file unchanged, as it was issued; docs/formats/bundle.md describes it',
    place,
    ...(cause === undefined ? {} : { cause }),
  });
}
