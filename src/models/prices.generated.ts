// Generated from @pydantic/genai-prices 0.1.8 by: npm run generate:prices (scripts/generate-prices.ts).
// Do not edit: change the generator or upgrade the package, then run it again.
// Picodollars per token, by provider and model. A key that is missing here is a model without a price.

import type { Price } from '../money/price.ts';

export const PRICES = {
  "anthropic": {
    "claude-2": [
      {"version":"anthropic/claude-2@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":8000000,"output":24000000}}]},
    ],
    "claude-3-5-haiku-latest": [
      {"version":"anthropic/claude-3-5-haiku-latest@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":800000,"cachedInput":80000,"cacheWrite5m":1000000,"cacheWrite1h":1600000,"output":4000000}}]},
    ],
    "claude-3-5-sonnet": [
      {"version":"anthropic/claude-3-5-sonnet@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
    ],
    "claude-3-7-sonnet-latest": [
      {"version":"anthropic/claude-3-7-sonnet-latest@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
    ],
    "claude-3-haiku": [
      {"version":"anthropic/claude-3-haiku@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"cachedInput":30000,"cacheWrite5m":300000,"cacheWrite1h":500000,"output":1250000}}]},
    ],
    "claude-3-opus-latest": [
      {"version":"anthropic/claude-3-opus-latest@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":15000000,"cachedInput":1500000,"cacheWrite5m":18750000,"cacheWrite1h":30000000,"output":75000000}}]},
    ],
    "claude-3-sonnet": [
      {"version":"anthropic/claude-3-sonnet@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
    ],
    "claude-fable-5": [
      {"version":"anthropic/claude-fable-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":20000000,"output":50000000}}]},
    ],
    "claude-fable-5-1": [
      {"version":"anthropic/claude-fable-5-1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":250000,"cacheWrite5m":12500000,"cacheWrite1h":20000000,"output":50000000}}]},
    ],
    "claude-haiku-4-5": [
      {"version":"anthropic/claude-haiku-4-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1000000,"cachedInput":100000,"cacheWrite5m":1250000,"cacheWrite1h":2000000,"output":5000000}}]},
    ],
    "claude-opus-4-0": [
      {"version":"anthropic/claude-opus-4-0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":15000000,"cachedInput":1500000,"cacheWrite5m":18750000,"cacheWrite1h":30000000,"output":75000000}}]},
    ],
    "claude-opus-4-1": [
      {"version":"anthropic/claude-opus-4-1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":15000000,"cachedInput":1500000,"cacheWrite5m":18750000,"cacheWrite1h":30000000,"output":75000000}}]},
    ],
    "claude-opus-4-5": [
      {"version":"anthropic/claude-opus-4-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}}]},
    ],
    "claude-opus-4-6": [
      {"version":"anthropic/claude-opus-4-6@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}},{"aboveInputTokens":200000,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":20000000,"output":37500000}}]},
      {"version":"anthropic/claude-opus-4-6@2026-03-13","effectiveFrom":1773360000000,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}}]},
    ],
    "claude-opus-4-7": [
      {"version":"anthropic/claude-opus-4-7@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}}]},
    ],
    "claude-opus-4-8": [
      {"version":"anthropic/claude-opus-4-8@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}}]},
    ],
    "claude-opus-5": [
      {"version":"anthropic/claude-opus-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}}]},
    ],
    "claude-opus-5-5": [
      {"version":"anthropic/claude-opus-5-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":4000000,"cachedInput":200000,"cacheWrite5m":5000000,"cacheWrite1h":8000000,"output":20000000}}]},
    ],
    "claude-sonnet-4-0": [
      {"version":"anthropic/claude-sonnet-4-0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
    ],
    "claude-sonnet-4-5": [
      {"version":"anthropic/claude-sonnet-4-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}},{"aboveInputTokens":200000,"rates":{"input":6000000,"cachedInput":600000,"cacheWrite5m":7500000,"cacheWrite1h":12000000,"output":22500000}}]},
    ],
    "claude-sonnet-4-6": [
      {"version":"anthropic/claude-sonnet-4-6@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}},{"aboveInputTokens":200000,"rates":{"input":6000000,"cachedInput":600000,"cacheWrite5m":7500000,"cacheWrite1h":12000000,"output":22500000}}]},
      {"version":"anthropic/claude-sonnet-4-6@2026-03-13","effectiveFrom":1773360000000,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
    ],
    "claude-sonnet-5": [
      {"version":"anthropic/claude-sonnet-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":4000000,"output":10000000}}]},
      {"version":"anthropic/claude-sonnet-5@2026-09-01","effectiveFrom":1788220800000,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
    ],
    "claude-v1": [
      {"version":"anthropic/claude-v1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":8000000,"output":24000000}}]},
    ],
  },
  "openai": {
    "ada": [
      {"version":"openai/ada@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":400000,"output":400000}}]},
    ],
    "babbage": [
      {"version":"openai/babbage@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":500000,"output":500000}}]},
    ],
    "chatgpt-4o-latest": [
      {"version":"openai/chatgpt-4o-latest@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"output":15000000}}]},
    ],
    "codex-mini": [
      {"version":"openai/codex-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"cachedInput":375000,"output":6000000}}]},
    ],
    "computer-use": [
      {"version":"openai/computer-use@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"output":12000000}}]},
    ],
    "curie": [
      {"version":"openai/curie@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"output":2000000}}]},
    ],
    "davinci": [
      {"version":"openai/davinci@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":20000000,"output":20000000}}]},
    ],
    "ft:gpt-3.5-turbo-": [
      {"version":"openai/ft:gpt-3.5-turbo-@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"output":6000000}}]},
    ],
    "ft:gpt-4o": [
      {"version":"openai/ft:gpt-4o@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3750000,"output":15000000}}]},
    ],
    "ft:gpt-4o-mini": [
      {"version":"openai/ft:gpt-4o-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":300000,"output":1200000}}]},
    ],
    "gpt-3.5-0301": [
      {"version":"openai/gpt-3.5-0301@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"output":2000000}}]},
    ],
    "gpt-3.5-turbo": [
      {"version":"openai/gpt-3.5-turbo@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":500000,"output":1500000}}]},
    ],
    "gpt-3.5-turbo-0613": [
      {"version":"openai/gpt-3.5-turbo-0613@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"output":2000000}}]},
    ],
    "gpt-3.5-turbo-1106": [
      {"version":"openai/gpt-3.5-turbo-1106@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1000000,"output":2000000}}]},
    ],
    "gpt-3.5-turbo-16k": [
      {"version":"openai/gpt-3.5-turbo-16k@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"output":4000000}}]},
    ],
    "gpt-3.5-turbo-instruct": [
      {"version":"openai/gpt-3.5-turbo-instruct@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"output":2000000}}]},
    ],
    "gpt-4": [
      {"version":"openai/gpt-4@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":30000000,"output":60000000}}]},
    ],
    "gpt-4-32k": [
      {"version":"openai/gpt-4-32k@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":60000000,"output":120000000}}]},
    ],
    "gpt-4-turbo": [
      {"version":"openai/gpt-4-turbo@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"output":30000000}}]},
    ],
    "gpt-4-vision-preview": [
      {"version":"openai/gpt-4-vision-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"output":30000000}}]},
    ],
    "gpt-4.1": [
      {"version":"openai/gpt-4.1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":500000,"output":8000000}}]},
    ],
    "gpt-4.1-mini": [
      {"version":"openai/gpt-4.1-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":400000,"cachedInput":100000,"output":1600000}}]},
    ],
    "gpt-4.1-nano": [
      {"version":"openai/gpt-4.1-nano@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000,"cachedInput":25000,"output":400000}}]},
    ],
    "gpt-4.5-preview": [
      {"version":"openai/gpt-4.5-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":75000000,"cachedInput":37500000,"output":150000000}}]},
    ],
    "gpt-4o": [
      {"version":"openai/gpt-4o@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":1250000,"output":10000000}}]},
    ],
    "gpt-4o-2024-05-13": [
      {"version":"openai/gpt-4o-2024-05-13@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"output":15000000}}]},
    ],
    "gpt-4o-audio-preview": [
      {"version":"openai/gpt-4o-audio-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"output":10000000}}]},
    ],
    "gpt-4o-mini": [
      {"version":"openai/gpt-4o-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"cachedInput":75000,"output":600000}}]},
    ],
    "gpt-4o-mini-2024-07-18.ft-": [
      {"version":"openai/gpt-4o-mini-2024-07-18.ft-@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":300000,"output":1200000}}]},
    ],
    "gpt-4o-mini-audio-preview": [
      {"version":"openai/gpt-4o-mini-audio-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"output":600000}}]},
    ],
    "gpt-4o-mini-tts": [
      {"version":"openai/gpt-4o-mini-tts@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":600000,"output":12000000}}]},
    ],
    "gpt-4o-search-preview": [
      {"version":"openai/gpt-4o-search-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"output":10000000}}]},
    ],
    "gpt-4o:extended": [
      {"version":"openai/gpt-4o:extended@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":6000000,"output":18000000}}]},
    ],
    "gpt-5": [
      {"version":"openai/gpt-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1250000,"cachedInput":125000,"output":10000000}}]},
    ],
    "gpt-5-image": [
      {"version":"openai/gpt-5-image@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":1250000,"output":10000000}}]},
    ],
    "gpt-5-image-mini": [
      {"version":"openai/gpt-5-image-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":250000,"output":2000000}}]},
    ],
    "gpt-5-mini": [
      {"version":"openai/gpt-5-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"cachedInput":25000,"output":2000000}}]},
    ],
    "gpt-5-nano": [
      {"version":"openai/gpt-5-nano@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":50000,"cachedInput":5000,"output":400000}}]},
    ],
    "gpt-5-pro": [
      {"version":"openai/gpt-5-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":15000000,"output":120000000}}]},
    ],
    "gpt-5.1": [
      {"version":"openai/gpt-5.1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1250000,"cachedInput":125000,"output":10000000}}]},
    ],
    "gpt-5.1-codex-mini": [
      {"version":"openai/gpt-5.1-codex-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"cachedInput":25000,"output":2000000}}]},
    ],
    "gpt-5.2": [
      {"version":"openai/gpt-5.2@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1750000,"cachedInput":175000,"output":14000000}}]},
    ],
    "gpt-5.2-pro": [
      {"version":"openai/gpt-5.2-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":21000000,"output":168000000}}]},
    ],
    "gpt-5.3": [
      {"version":"openai/gpt-5.3@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1750000,"cachedInput":175000,"output":14000000}}]},
    ],
    "gpt-5.3-codex": [
      {"version":"openai/gpt-5.3-codex@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1750000,"cachedInput":175000,"output":14000000}}]},
    ],
    "gpt-5.4": [
      {"version":"openai/gpt-5.4@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":250000,"output":15000000}},{"aboveInputTokens":271999,"rates":{"input":5000000,"cachedInput":500000,"output":22500000}}]},
    ],
    "gpt-5.4-image-2": [
      {"version":"openai/gpt-5.4-image-2@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":8000000,"cachedInput":2000000,"output":15000000}}]},
    ],
    "gpt-5.4-mini": [
      {"version":"openai/gpt-5.4-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":750000,"cachedInput":75000,"output":4500000}}]},
    ],
    "gpt-5.4-nano": [
      {"version":"openai/gpt-5.4-nano@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":200000,"cachedInput":20000,"output":1250000}}]},
    ],
    "gpt-5.4-pro": [
      {"version":"openai/gpt-5.4-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":30000000,"output":180000000}},{"aboveInputTokens":271999,"rates":{"input":60000000,"output":270000000}}]},
    ],
    "gpt-5.5": [
      {"version":"openai/gpt-5.5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"output":30000000}},{"aboveInputTokens":271999,"rates":{"input":10000000,"cachedInput":1000000,"output":45000000}}]},
    ],
    "gpt-5.5-pro": [
      {"version":"openai/gpt-5.5-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":30000000,"output":180000000}},{"aboveInputTokens":271999,"rates":{"input":60000000,"output":270000000}}]},
    ],
    "gpt-5.6-luna": [
      {"version":"openai/gpt-5.6-luna@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1000000,"cachedInput":100000,"cacheWrite5m":1250000,"cacheWrite1h":1250000,"output":6000000}},{"aboveInputTokens":271999,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":2500000,"output":9000000}}]},
      {"version":"openai/gpt-5.6-luna@2026-07-30","effectiveFrom":1785369600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":200000,"cachedInput":20000,"cacheWrite5m":250000,"cacheWrite1h":250000,"output":1200000}},{"aboveInputTokens":271999,"rates":{"input":400000,"cachedInput":40000,"cacheWrite5m":500000,"cacheWrite1h":500000,"output":1800000}}]},
    ],
    "gpt-5.6-sol": [
      {"version":"openai/gpt-5.6-sol@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":6250000,"output":30000000}},{"aboveInputTokens":271999,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":12500000,"output":45000000}}]},
      {"version":"openai/gpt-5.6-sol@2026-08-21","effectiveFrom":1787270400000,"tiers":[{"aboveInputTokens":0,"rates":{"input":4000000,"cachedInput":400000,"cacheWrite5m":5000000,"cacheWrite1h":5000000,"output":20000000}},{"aboveInputTokens":271999,"rates":{"input":8000000,"cachedInput":800000,"cacheWrite5m":10000000,"cacheWrite1h":10000000,"output":30000000}}]},
    ],
    "gpt-5.6-terra": [
      {"version":"openai/gpt-5.6-terra@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":250000,"cacheWrite5m":3125000,"cacheWrite1h":3125000,"output":15000000}},{"aboveInputTokens":271999,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":6250000,"output":22500000}}]},
      {"version":"openai/gpt-5.6-terra@2026-07-30","effectiveFrom":1785369600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":2500000,"output":12000000}},{"aboveInputTokens":271999,"rates":{"input":4000000,"cachedInput":400000,"cacheWrite5m":5000000,"cacheWrite1h":5000000,"output":18000000}}]},
    ],
    "gpt-6-astra": [
      {"version":"openai/gpt-6-astra@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":12500000,"output":50000000}},{"aboveInputTokens":271999,"rates":{"input":20000000,"cachedInput":2000000,"cacheWrite5m":25000000,"cacheWrite1h":25000000,"output":75000000}}]},
    ],
    "gpt-6-luna": [
      {"version":"openai/gpt-6-luna@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000,"cachedInput":10000,"cacheWrite5m":125000,"cacheWrite1h":125000,"output":500000}},{"aboveInputTokens":272000,"rates":{"input":200000,"cachedInput":20000,"cacheWrite5m":250000,"cacheWrite1h":250000,"output":750000}}]},
    ],
    "gpt-6-sol": [
      {"version":"openai/gpt-6-sol@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":2500000,"output":10000000}},{"aboveInputTokens":272000,"rates":{"input":4000000,"cachedInput":400000,"cacheWrite5m":5000000,"cacheWrite1h":5000000,"output":15000000}}]},
    ],
    "gpt-chat-latest": [
      {"version":"openai/gpt-chat-latest@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"output":30000000}}]},
    ],
    "gpt-oss-120b": [
      {"version":"openai/gpt-oss-120b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":39000,"output":180000}}]},
    ],
    "gpt-oss-20b": [
      {"version":"openai/gpt-oss-20b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":29000,"output":140000}}]},
    ],
    "gpt-oss-safeguard-20b": [
      {"version":"openai/gpt-oss-safeguard-20b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":75000,"cachedInput":37000,"output":300000}}]},
    ],
    "o1": [
      {"version":"openai/o1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":15000000,"cachedInput":7500000,"output":60000000}}]},
    ],
    "o1-mini": [
      {"version":"openai/o1-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1100000,"cachedInput":550000,"output":4400000}}]},
    ],
    "o1-preview": [
      {"version":"openai/o1-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":15000000,"cachedInput":7500000,"output":60000000}}]},
    ],
    "o1-pro": [
      {"version":"openai/o1-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000000,"output":600000000}}]},
    ],
    "o3": [
      {"version":"openai/o3@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":500000,"output":40000000}}]},
      {"version":"openai/o3@2025-06-10","effectiveFrom":1749513600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":500000,"output":8000000}}]},
    ],
    "o3-deep-research": [
      {"version":"openai/o3-deep-research@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":2500000,"output":40000000}}]},
    ],
    "o3-mini": [
      {"version":"openai/o3-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1100000,"cachedInput":550000,"output":4400000}}]},
    ],
    "o3-pro": [
      {"version":"openai/o3-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":20000000,"output":80000000}}]},
    ],
    "o4-mini": [
      {"version":"openai/o4-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1100000,"cachedInput":275000,"output":4400000}}]},
    ],
    "o4-mini-deep-research": [
      {"version":"openai/o4-mini-deep-research@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":500000,"output":8000000}}]},
    ],
    "text-davinci-002": [
      {"version":"openai/text-davinci-002@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":20000000,"output":20000000}}]},
    ],
    "text-davinci-003": [
      {"version":"openai/text-davinci-003@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":20000000,"output":20000000}}]},
    ],
    "text-embedding-3-large": [
      {"version":"openai/text-embedding-3-large@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":130000}}]},
    ],
    "text-embedding-3-small": [
      {"version":"openai/text-embedding-3-small@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":20000}}]},
    ],
    "text-embedding-ada-002": [
      {"version":"openai/text-embedding-ada-002@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000}}]},
    ],
  },
} satisfies Record<string, Record<string, readonly Price[]>>;
