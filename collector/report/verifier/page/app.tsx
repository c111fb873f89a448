import { useEffect, useRef, useState } from 'preact/hooks';
import type { Step, Verdict } from '../../../../shared/evidence/verify/types.ts';
import { fill, VERIFY_WORDS } from '../../../../shared/i18n/verify-words.ts';
import { Choose } from './choose.tsx';
import { Held, type HeldTexts, NOTHING_HELD } from './held.tsx';
import { language, t, toggleLanguage } from './language.ts';
import { Running } from './running.tsx';
import { VerdictView } from './verdict.tsx';
import { startVerifying, type Verifying } from './verifying.ts';

type State =
  | { readonly kind: 'choosing' }
  | { readonly kind: 'running'; readonly step: Step | null }
  | {
      readonly kind: 'done';
      readonly verdict: Verdict;
      readonly held: HeldTexts;
      readonly at_ms: number;
    }
  | { readonly kind: 'failed'; readonly text: string };

interface Props {
  /** This page's own program, for the worker. */
  readonly script: string;
}

export function App({ script }: Props) {
  const [state, setState] = useState<State>({ kind: 'choosing' });
  const [file, setFile] = useState<File | null>(null);
  const [held, setHeld] = useState<HeldTexts>(NOTHING_HELD);
  const running = useRef<Verifying | null>(null);
  const title = fill(VERIFY_WORDS.title, language.value);
  useEffect(() => {
    document.documentElement.lang = language.value;
    document.title = `LanProof · ${title}`;
  }, [title]);
  useEffect(unfoldForPrint, []);

  const verify = (chosen: File): void => {
    running.current?.stop();
    setFile(chosen);
    setState({ kind: 'running', step: null });
    const mine = startVerifying(script, { file: chosen, ...held }, (step) => {
      if (running.current === mine) setState({ kind: 'running', step });
    });
    running.current = mine;
    const end = (next: State): void => {
      if (running.current !== mine) return;
      running.current = null;
      setState(next);
    };
    mine.verdict.then(
      (verdict) => end({ kind: 'done', verdict, held, at_ms: Date.now() }),
      (error: unknown) => end({ kind: 'failed', text: textOf(error) }),
    );
  };
  const stop = (): void => {
    running.current?.stop();
    running.current = null;
    setState({ kind: 'choosing' });
  };
  return (
    <>
      <header>
        <p class="brand">LanProof</p>
        <h1>{title}</h1>
        <button type="button" class="quiet" lang={other()} onClick={toggleLanguage}>
          {language.value === 'vi' ? 'English' : 'Tiếng Việt'}
        </button>
      </header>
      <main>
        {state.kind === 'running' ? (
          <Running step={state.step} name={file?.name ?? ''} stop={stop} />
        ) : (
          <Choose take={verify} small={state.kind === 'done'} />
        )}
        {state.kind === 'failed' ? (
          <section class="verdict fail" role="alert">
            <h2>{t('failed')}</h2>
            <p>{state.text}</p>
          </section>
        ) : null}
        {state.kind === 'done' && file !== null ? (
          <VerdictView verdict={state.verdict} held={state.held} file={file} at_ms={state.at_ms} />
        ) : null}
        <div hidden={state.kind === 'running'}>
          <Held held={held} change={setHeld} again={file === null ? null : () => verify(file)} />
        </div>
      </main>
    </>
  );
}

/** What the button offers is written in the other language. */
function other(): 'vi' | 'en' {
  return language.value === 'vi' ? 'en' : 'vi';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** On paper nothing can be unfolded: all but endless lists is, while it prints. */
function unfoldForPrint(): () => void {
  let opened: HTMLDetailsElement[] = [];
  const open = (): void => {
    const folded = 'main details:not([open], .rest)';
    opened = [...document.querySelectorAll<HTMLDetailsElement>(folded)];
    for (const details of opened) details.open = true;
  };
  const close = (): void => {
    for (const details of opened) details.open = false;
    opened = [];
  };
  addEventListener('beforeprint', open);
  addEventListener('afterprint', close);
  return () => {
    removeEventListener('beforeprint', open);
    removeEventListener('afterprint', close);
  };
}
