import { render } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { ApiError, get, type Me } from '../data/api.ts';
import { startLive } from '../data/live.ts';
import { path, startRouting } from '../data/route.ts';
import { applySettings, t } from '../data/settings.ts';
import { Header } from '../parts/header.tsx';
import { Failed, Message } from '../parts/message.tsx';
import { Overview } from './overview.tsx';
import { SignIn } from './sign-in.tsx';
import { SitePage } from './site.tsx';

function Page() {
  const site = /^\/sites\/([a-z0-9-]+)\/?$/.exec(path.value)?.[1];
  if (site !== undefined) return <SitePage code={site} />;
  return path.value === '/' ? <Overview /> : <Message title={t('not_found')} />;
}

function App() {
  const [me, setMe] = useState<Me>();
  const [problem, setProblem] = useState<unknown>();
  const load = () => {
    get<Me>('/me').then((person) => {
      setProblem(undefined);
      setMe(person);
      startLive();
    }, setProblem);
  };
  useEffect(load, []);
  const signedOut = problem instanceof ApiError && problem.status === 401;
  return (
    <>
      <Header me={me} />
      <main>
        {me ? <Page /> : null}
        {signedOut ? <SignIn done={load} /> : null}
        {problem && !signedOut ? <Failed error={problem} retry={load} /> : null}
      </main>
    </>
  );
}

applySettings();
startRouting();
const root = document.getElementById('app');
if (root) render(<App />, root);
