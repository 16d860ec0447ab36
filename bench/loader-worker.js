/** Loads a Worker into a new isolate for each `load`, and passes requests on to it: what starting it costs. Only documents.ts runs it. */
import eager from './eager.txt';
import lazy from './lazy.txt';
import none from './none.txt';

const SCRIPTS = { eager, lazy, none };

export default {
  fetch(request, env) {
    const url = new URL(request.url);
    const build = url.searchParams.get('build');
    const worker = env.LOADER.get(`${build}-${url.searchParams.get('load')}`, () => ({
      compatibilityDate: env.COMPATIBILITY_DATE,
      compatibilityFlags: env.COMPATIBILITY_FLAGS,
      mainModule: 'worker.js',
      modules: { 'worker.js': SCRIPTS[build] },
      env: {},
    }));
    return worker.getEntrypoint().fetch(new Request(`http://purser.example${url.pathname}`));
  },
};
