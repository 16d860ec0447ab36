/**
 * Wrangler before an account that has nothing, without asking anybody: what `--dry-run` goes through, so that every command of a first
 * deployment is seen, and the code is built as it would be sent. Only that one command is run.
 */
import { type Ran, typed, type Wrangler, WranglerFailed } from './wrangler.ts';

const NOBODY = { id: '0'.repeat(32), name: 'none: nothing leaves this machine' };

export function dryRunOver(real: Wrangler, say: (line: string) => void): Wrangler {
  const databases: { name: string; uuid: string }[] = [];
  const answer = (content: unknown): Ran => ({ text: JSON.stringify(content), told: [] });
  return {
    async run(args, input = '') {
      const [what, action, name = ''] = args;
      say(`    ${typed(args)}${input ? `   # reads ${Object.keys(JSON.parse(input)).join(', ')}` : ''}`);
      switch (`${what} ${action}`) {
        case 'whoami --json':
          return answer({ loggedIn: true, accounts: [NOBODY] });
        case 'd1 list':
          return answer(databases);
        case 'd1 create':
          databases.push({ name, uuid: '00000000-0000-0000-0000-000000000000' });
          return answer({});
        case 'd1 execute':
          return answer([{ results: [], meta: { changes: 0 } }]);
        case 'secret list':
          throw new WranglerFailed(args, 'Worker "purser" not found.');
        case 'd1 migrations':
        case 'secret bulk':
          return answer({});
        default: {
          if (what !== 'deploy') throw new Error(`a dry run does not know: ${typed(args)}`);
          const { text } = await real.run([...args, '--dry-run', '--outdir', 'dist/deployed']);
          const size = text.match(/Total Upload: .*/)?.[0];
          if (size) say(`    built: ${size}`);
          return { text, told: [{ type: 'deploy', version_id: null, targets: [] }] };
        }
      }
    },
  };
}
