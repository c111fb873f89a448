import { useEffect, useState } from 'preact/hooks';
import { keepFresh } from './live.ts';

/** A value on its way: an error keeps the last value, so that a page never goes blank. */
export interface Loaded<Value> {
  readonly value: Value | undefined;
  readonly error: unknown;
  readonly reload: () => void;
}

/** Loads `fetchIt` now, after each change of `site` (null: any site) and when `key` changes. */
export function useLoaded<Value>(
  key: string,
  site: string | null,
  fetchIt: () => Promise<Value>,
): Loaded<Value> {
  const [value, setValue] = useState<Value>();
  const [error, setError] = useState<unknown>();
  const load = () => {
    fetchIt().then(
      (loaded) => {
        setValue(loaded);
        setError(undefined);
      },
      (problem: unknown) => setError(problem),
    );
  };
  useEffect(() => {
    setValue(undefined);
    return keepFresh(site, load);
  }, [key]);
  return { value, error, reload: load };
}
