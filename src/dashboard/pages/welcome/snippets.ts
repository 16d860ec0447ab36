/** How a tool is set up to ask Purser: base URL and key, and nothing else changes. */
import type { Tool } from './route.ts';

export const TOOL_NAMES: Record<Tool, string> = {
  curl: 'curl',
  python: 'Python',
  javascript: 'JavaScript',
  claude: 'Claude Code',
  environment: 'Other tools',
};

/** One sentence on where it goes. */
export const WHERE: Record<Tool, string> = {
  curl: 'Paste it into a terminal.',
  python: 'The official OpenAI client; Anthropic’s and Google’s work alike, with the address alone as their base URL.',
  javascript: 'The official OpenAI client; the AI SDK and LangChain take the same two settings.',
  claude: 'Set these where you start it. It asks for Claude models, so your organization must serve them.',
  environment: 'Most tools that speak to OpenAI read these two, or have fields of these names in their settings.',
};

export function snippetFor(tool: Tool, { origin, secret, model }: Record<'origin' | 'secret' | 'model', string>) {
  switch (tool) {
    case 'curl':
      return `curl ${origin}/v1/chat/completions \\
  -H "Authorization: Bearer ${secret}" \\
  -H "Content-Type: application/json" \\
  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello"}]}'`;
    case 'python':
      return `from openai import OpenAI

client = OpenAI(
    base_url="${origin}/v1",
    api_key="${secret}",
)
answer = client.chat.completions.create(
    model="${model}",
    messages=[{"role": "user", "content": "Hello"}],
)
print(answer.choices[0].message.content)`;
    case 'javascript':
      return `import OpenAI from 'openai';

const client = new OpenAI({
  baseURL: '${origin}/v1',
  apiKey: '${secret}',
});
const answer = await client.chat.completions.create({
  model: '${model}',
  messages: [{ role: 'user', content: 'Hello' }],
});
console.log(answer.choices[0].message.content);`;
    case 'claude':
      return `export ANTHROPIC_BASE_URL=${origin}
export ANTHROPIC_AUTH_TOKEN=${secret}
claude`;
    case 'environment':
      return `OPENAI_BASE_URL=${origin}/v1
OPENAI_API_KEY=${secret}`;
  }
}
