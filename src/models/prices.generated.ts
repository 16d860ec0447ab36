// Generated from @pydantic/genai-prices 0.1.8 by: npm run generate:prices (scripts/generate-prices.ts).
// Do not edit: change the generator or upgrade the package, then run it again.
// Picodollars per unit, by pinned name: one entry for each row of the catalogue.

import type { Price } from '../money/price.ts';

export const PRICES = {
  "openai/gpt-6-astra": [
    {"version":"openai/gpt-6-astra@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":12500000,"output":50000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":20000000,"cachedInput":2000000,"cacheWrite5m":25000000,"cacheWrite1h":25000000,"output":75000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-6-sol": [
    {"version":"openai/gpt-6-sol@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":2500000,"output":10000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":272000,"rates":{"input":4000000,"cachedInput":400000,"cacheWrite5m":5000000,"cacheWrite1h":5000000,"output":15000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-6-luna": [
    {"version":"openai/gpt-6-luna@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000,"cachedInput":10000,"cacheWrite5m":125000,"cacheWrite1h":125000,"output":500000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":272000,"rates":{"input":200000,"cachedInput":20000,"cacheWrite5m":250000,"cacheWrite1h":250000,"output":750000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.6-sol": [
    {"version":"openai/gpt-5.6-sol@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":6250000,"output":30000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":12500000,"output":45000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
    {"version":"openai/gpt-5.6-sol@2026-08-21","effectiveFrom":1787270400000,"tiers":[{"aboveInputTokens":0,"rates":{"input":4000000,"cachedInput":400000,"cacheWrite5m":5000000,"cacheWrite1h":5000000,"output":20000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":8000000,"cachedInput":800000,"cacheWrite5m":10000000,"cacheWrite1h":10000000,"output":30000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.6-terra": [
    {"version":"openai/gpt-5.6-terra@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":250000,"cacheWrite5m":3125000,"cacheWrite1h":3125000,"output":15000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":6250000,"output":22500000,"webSearch":10000000000,"fileSearch":2500000000}}]},
    {"version":"openai/gpt-5.6-terra@2026-07-30","effectiveFrom":1785369600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":2500000,"output":12000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":4000000,"cachedInput":400000,"cacheWrite5m":5000000,"cacheWrite1h":5000000,"output":18000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.6-luna": [
    {"version":"openai/gpt-5.6-luna@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1000000,"cachedInput":100000,"cacheWrite5m":1250000,"cacheWrite1h":1250000,"output":6000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":2500000,"output":9000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
    {"version":"openai/gpt-5.6-luna@2026-07-30","effectiveFrom":1785369600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":200000,"cachedInput":20000,"cacheWrite5m":250000,"cacheWrite1h":250000,"output":1200000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":400000,"cachedInput":40000,"cacheWrite5m":500000,"cacheWrite1h":500000,"output":1800000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.5": [
    {"version":"openai/gpt-5.5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"output":30000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":10000000,"cachedInput":1000000,"output":45000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.4": [
    {"version":"openai/gpt-5.4@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":250000,"output":15000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":5000000,"cachedInput":500000,"output":22500000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.4-mini": [
    {"version":"openai/gpt-5.4-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":750000,"cachedInput":75000,"output":4500000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.4-nano": [
    {"version":"openai/gpt-5.4-nano@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":200000,"cachedInput":20000,"output":1250000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.2": [
    {"version":"openai/gpt-5.2@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1750000,"cachedInput":175000,"output":14000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5.1": [
    {"version":"openai/gpt-5.1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1250000,"cachedInput":125000,"output":10000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5": [
    {"version":"openai/gpt-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1250000,"cachedInput":125000,"output":10000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5-mini": [
    {"version":"openai/gpt-5-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"cachedInput":25000,"output":2000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-5-nano": [
    {"version":"openai/gpt-5-nano@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":50000,"cachedInput":5000,"output":400000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/o3": [
    {"version":"openai/o3@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":500000,"output":40000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
    {"version":"openai/o3@2025-06-10","effectiveFrom":1749513600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":500000,"output":8000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/o4-mini": [
    {"version":"openai/o4-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1100000,"cachedInput":275000,"output":4400000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-4.1": [
    {"version":"openai/gpt-4.1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":500000,"output":8000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-4.1-mini": [
    {"version":"openai/gpt-4.1-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":400000,"cachedInput":100000,"output":1600000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-4.1-nano": [
    {"version":"openai/gpt-4.1-nano@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000,"cachedInput":25000,"output":400000}}]},
  ],
  "openai/gpt-4o": [
    {"version":"openai/gpt-4o@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":1250000,"output":10000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "openai/gpt-4o-mini": [
    {"version":"openai/gpt-4o-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"cachedInput":75000,"output":600000,"fileSearch":2500000000}}]},
  ],
  "openai/text-embedding-3-large": [
    {"version":"openai/text-embedding-3-large@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":130000}}]},
  ],
  "openai/text-embedding-3-small": [
    {"version":"openai/text-embedding-3-small@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":20000}}]},
  ],
  "openai/omni-moderation-latest": [
    {"version":"openai/omni-moderation-latest@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":0}}]},
  ],
  "openai/gpt-image-2": [
    {"version":"openai/gpt-image-2@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":1250000,"imageInput":8000000,"cachedImageInput":2000000,"output":30000000}}]},
  ],
  "openai/gpt-image-1.5": [
    {"version":"openai/gpt-image-1.5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":1250000,"imageInput":8000000,"cachedImageInput":2000000,"output":10000000,"imageOutput":32000000}}]},
  ],
  "openai/gpt-image-1": [
    {"version":"openai/gpt-image-1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":1250000,"imageInput":10000000,"cachedImageInput":2500000,"output":40000000}}]},
  ],
  "openai/gpt-image-1-mini": [
    {"version":"openai/gpt-image-1-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"imageInput":2500000,"cachedImageInput":250000,"output":8000000}}]},
  ],
  "openai/gpt-4o-mini-tts": [
    {"version":"openai/gpt-4o-mini-tts@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":600000,"output":12000000}}]},
  ],
  "openai/tts-1": [
    {"version":"openai/tts-1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"character":15000000}}]},
  ],
  "openai/tts-1-hd": [
    {"version":"openai/tts-1-hd@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"character":30000000}}]},
  ],
  "openai/gpt-4o-transcribe": [
    {"version":"openai/gpt-4o-transcribe@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"audioInput":6000000,"output":10000000}}]},
  ],
  "openai/gpt-4o-mini-transcribe": [
    {"version":"openai/gpt-4o-mini-transcribe@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1250000,"audioInput":3000000,"output":5000000}}]},
  ],
  "openai/gpt-transcribe": [
    {"version":"openai/gpt-transcribe@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"audioSecond":75000000}}]},
  ],
  "openai/whisper-1": [
    {"version":"openai/whisper-1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"audioSecond":100000000}}]},
  ],
  "openai/sora-2": [
    {"version":"openai/sora-2@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"videoSecond":100000000000}}]},
  ],
  "openai/sora-2-pro": [
    {"version":"openai/sora-2-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"videoSecond":700000000000}}],"videos":{"720x1280":300000000000,"1280x720":300000000000,"1024x1792":500000000000,"1792x1024":500000000000}},
  ],
  "anthropic/claude-fable-5": [
    {"version":"anthropic/claude-fable-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":20000000,"output":50000000,"webSearch":10000000000}}]},
  ],
  "anthropic/claude-fable-5-1": [
    {"version":"anthropic/claude-fable-5-1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":250000,"cacheWrite5m":12500000,"cacheWrite1h":20000000,"output":50000000,"webSearch":10000000000}}]},
  ],
  "anthropic/claude-opus-5-5": [
    {"version":"anthropic/claude-opus-5-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":4000000,"cachedInput":200000,"cacheWrite5m":5000000,"cacheWrite1h":8000000,"output":20000000,"webSearch":10000000000}}]},
  ],
  "anthropic/claude-opus-5": [
    {"version":"anthropic/claude-opus-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000,"webSearch":10000000000}}]},
  ],
  "anthropic/claude-opus-4-8": [
    {"version":"anthropic/claude-opus-4-8@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000,"webSearch":10000000000}}]},
  ],
  "anthropic/claude-sonnet-5": [
    {"version":"anthropic/claude-sonnet-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":4000000,"output":10000000,"webSearch":10000000000}}]},
    {"version":"anthropic/claude-sonnet-5@2026-09-01","effectiveFrom":1788220800000,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000,"webSearch":10000000000}}]},
  ],
  "anthropic/claude-sonnet-4-6": [
    {"version":"anthropic/claude-sonnet-4-6@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000,"webSearch":10000000000}},{"aboveInputTokens":200000,"rates":{"input":6000000,"cachedInput":600000,"cacheWrite5m":7500000,"cacheWrite1h":12000000,"output":22500000,"webSearch":10000000000}}]},
    {"version":"anthropic/claude-sonnet-4-6@2026-03-13","effectiveFrom":1773360000000,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000,"webSearch":10000000000}}]},
  ],
  "anthropic/claude-haiku-4-5": [
    {"version":"anthropic/claude-haiku-4-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1000000,"cachedInput":100000,"cacheWrite5m":1250000,"cacheWrite1h":2000000,"output":5000000,"webSearch":10000000000}}]},
  ],
  "vertex/claude-fable-5": [
    {"version":"vertex/claude-fable-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":20000000,"output":50000000}}]},
  ],
  "vertex/claude-opus-5": [
    {"version":"vertex/claude-opus-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}}]},
  ],
  "vertex/claude-sonnet-5": [
    {"version":"vertex/claude-sonnet-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":4000000,"output":10000000}}]},
    {"version":"vertex/claude-sonnet-5@2026-09-01","effectiveFrom":1788220800000,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
  ],
  "bedrock/global.anthropic.claude-fable-5-v1:0": [
    {"version":"bedrock/global.anthropic.claude-fable-5-v1:0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":10000000,"cachedInput":1000000,"cacheWrite5m":12500000,"cacheWrite1h":20000000,"output":50000000}}]},
  ],
  "bedrock/us.anthropic.claude-fable-5-v1:0": [
    {"version":"bedrock/us.anthropic.claude-fable-5-v1:0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":11000000,"cachedInput":1100000,"cacheWrite5m":13750000,"cacheWrite1h":22000000,"output":55000000}}]},
  ],
  "bedrock/global.anthropic.claude-opus-5": [
    {"version":"bedrock/global.anthropic.claude-opus-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"cacheWrite5m":6250000,"cacheWrite1h":10000000,"output":25000000}}]},
  ],
  "bedrock/us.anthropic.claude-opus-5": [
    {"version":"bedrock/us.anthropic.claude-opus-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5500000,"cachedInput":550000,"cacheWrite5m":6875000,"cacheWrite1h":11000000,"output":27500000}}]},
  ],
  "bedrock/global.anthropic.claude-sonnet-5-v1:0": [
    {"version":"bedrock/global.anthropic.claude-sonnet-5-v1:0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"cacheWrite5m":2500000,"cacheWrite1h":4000000,"output":10000000}}]},
    {"version":"bedrock/global.anthropic.claude-sonnet-5-v1:0@2026-09-01","effectiveFrom":1788220800000,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"cacheWrite5m":3750000,"cacheWrite1h":6000000,"output":15000000}}]},
  ],
  "bedrock/us.anthropic.claude-sonnet-5-v1:0": [
    {"version":"bedrock/us.anthropic.claude-sonnet-5-v1:0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2200000,"cachedInput":220000,"cacheWrite5m":2750000,"cacheWrite1h":4400000,"output":11000000}}]},
    {"version":"bedrock/us.anthropic.claude-sonnet-5-v1:0@2026-09-01","effectiveFrom":1788220800000,"tiers":[{"aboveInputTokens":0,"rates":{"input":3300000,"cachedInput":330000,"cacheWrite5m":4125000,"cacheWrite1h":6600000,"output":16500000}}]},
  ],
  "bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0": [
    {"version":"bedrock/global.anthropic.claude-haiku-4-5-20251001-v1:0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1000000,"cachedInput":100000,"cacheWrite5m":1250000,"cacheWrite1h":2000000,"output":5000000}}]},
  ],
  "bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0": [
    {"version":"bedrock/us.anthropic.claude-haiku-4-5-20251001-v1:0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1100000,"cachedInput":110000,"cacheWrite5m":1375000,"cacheWrite1h":2200000,"output":5500000}}]},
  ],
  "google/gemini-3.8-flash": [
    {"version":"google/gemini-3.8-flash@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":750000,"cachedInput":75000,"output":3750000}}]},
    {"version":"google/gemini-3.8-flash@2027-01-01","effectiveFrom":1798761600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"cachedInput":150000,"output":7500000}}]},
  ],
  "vertex/gemini-3.8-flash": [
    {"version":"vertex/gemini-3.8-flash@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":750000,"cachedInput":75000,"output":3750000}}]},
    {"version":"vertex/gemini-3.8-flash@2027-01-01","effectiveFrom":1798761600000,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"cachedInput":150000,"output":7500000}}]},
  ],
  "google/gemini-3.5-flash": [
    {"version":"google/gemini-3.5-flash@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"cachedInput":150000,"output":9000000}}]},
  ],
  "vertex/gemini-3.5-flash": [
    {"version":"vertex/gemini-3.5-flash@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"cachedInput":150000,"output":9000000}}]},
  ],
  "google/gemini-3.5-flash-lite": [
    {"version":"google/gemini-3.5-flash-lite@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":300000,"cachedInput":30000,"output":2500000}}]},
  ],
  "vertex/gemini-3.5-flash-lite": [
    {"version":"vertex/gemini-3.5-flash-lite@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":300000,"cachedInput":30000,"output":2500000}}]},
  ],
  "google/gemini-3.1-pro-preview": [
    {"version":"google/gemini-3.1-pro-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"output":12000000}},{"aboveInputTokens":200000,"rates":{"input":4000000,"cachedInput":400000,"output":18000000}}]},
  ],
  "vertex/gemini-3.1-pro-preview": [
    {"version":"vertex/gemini-3.1-pro-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":200000,"output":12000000}},{"aboveInputTokens":200000,"rates":{"input":4000000,"cachedInput":400000,"output":18000000}}]},
  ],
  "google/gemini-3.1-flash-lite": [
    {"version":"google/gemini-3.1-flash-lite@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"cachedInput":25000,"audioInput":500000,"cachedAudioInput":50000,"output":1500000}}]},
  ],
  "vertex/gemini-3.1-flash-lite": [
    {"version":"vertex/gemini-3.1-flash-lite@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"cachedInput":25000,"audioInput":500000,"cachedAudioInput":50000,"output":1500000}}]},
  ],
  "google/gemini-3.1-flash-image-preview": [
    {"version":"google/gemini-3.1-flash-image-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":500000,"output":3000000,"imageOutput":60000000}}]},
  ],
  "vertex/gemini-3.1-flash-image-preview": [
    {"version":"vertex/gemini-3.1-flash-image-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":500000,"output":3000000,"imageOutput":60000000}}]},
  ],
  "google/gemini-3.1-flash-lite-image": [
    {"version":"google/gemini-3.1-flash-lite-image@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"output":1500000,"imageOutput":30000000}}]},
  ],
  "vertex/gemini-3.1-flash-lite-image": [
    {"version":"vertex/gemini-3.1-flash-lite-image@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"output":1500000,"imageOutput":30000000}}]},
  ],
  "google/gemini-3-flash-preview": [
    {"version":"google/gemini-3-flash-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":500000,"cachedInput":50000,"audioInput":1000000,"cachedAudioInput":100000,"output":3000000}}]},
  ],
  "vertex/gemini-3-flash-preview": [
    {"version":"vertex/gemini-3-flash-preview@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":500000,"cachedInput":50000,"audioInput":1000000,"cachedAudioInput":100000,"output":3000000}}]},
  ],
  "google/gemini-2.5-pro": [
    {"version":"google/gemini-2.5-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1250000,"cachedInput":125000,"output":10000000,"webSearch":35000000000}},{"aboveInputTokens":200000,"rates":{"input":2500000,"cachedInput":250000,"output":15000000,"webSearch":35000000000}}]},
  ],
  "vertex/gemini-2.5-pro": [
    {"version":"vertex/gemini-2.5-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1250000,"cachedInput":125000,"output":10000000,"webSearch":35000000000}},{"aboveInputTokens":200000,"rates":{"input":2500000,"cachedInput":250000,"output":15000000,"webSearch":35000000000}}]},
  ],
  "google/gemini-2.5-flash": [
    {"version":"google/gemini-2.5-flash@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":300000,"cachedInput":30000,"audioInput":1000000,"cachedAudioInput":100000,"output":2500000,"webSearch":35000000000}}]},
  ],
  "vertex/gemini-2.5-flash": [
    {"version":"vertex/gemini-2.5-flash@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":300000,"cachedInput":30000,"audioInput":1000000,"cachedAudioInput":100000,"output":2500000,"webSearch":35000000000}}]},
  ],
  "google/gemini-2.5-flash-lite": [
    {"version":"google/gemini-2.5-flash-lite@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000,"cachedInput":10000,"audioInput":300000,"cachedAudioInput":30000,"output":400000,"webSearch":35000000000}}]},
  ],
  "vertex/gemini-2.5-flash-lite": [
    {"version":"vertex/gemini-2.5-flash-lite@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000,"cachedInput":10000,"audioInput":300000,"cachedAudioInput":30000,"output":400000,"webSearch":35000000000}}]},
  ],
  "google/gemini-embedding-001": [
    {"version":"google/gemini-embedding-001@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000}}]},
  ],
  "cerebras/gemma-4-31b": [
    {"version":"cerebras/gemma-4-31b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":990000,"output":1490000}}]},
  ],
  "cerebras/gpt-oss-120b": [
    {"version":"cerebras/gpt-oss-120b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":350000,"output":750000}}]},
  ],
  "cerebras/zai-glm-4.7": [
    {"version":"cerebras/zai-glm-4.7@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2250000,"output":2750000}}]},
  ],
  "groq/openai/gpt-oss-120b": [
    {"version":"groq/openai/gpt-oss-120b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"cachedInput":75000,"output":600000}}]},
  ],
  "groq/openai/gpt-oss-20b": [
    {"version":"groq/openai/gpt-oss-20b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":75000,"cachedInput":37500,"output":300000}}]},
  ],
  "groq/llama-3.3-70b-versatile": [
    {"version":"groq/llama-3.3-70b-versatile@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":590000,"output":790000}}]},
  ],
  "groq/qwen/qwen3-32b": [
    {"version":"groq/qwen/qwen3-32b@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":290000,"output":590000}}]},
  ],
  "groq/whisper-large-v3": [
    {"version":"groq/whisper-large-v3@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"audioSecond":30833334}}]},
  ],
  "groq/whisper-large-v3-turbo": [
    {"version":"groq/whisper-large-v3-turbo@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"audioSecond":11111112}}]},
  ],
  "mistral/mistral-large-2512": [
    {"version":"mistral/mistral-large-2512@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":500000,"cachedInput":50000,"output":1500000}}]},
  ],
  "mistral/mistral-medium-3-5": [
    {"version":"mistral/mistral-medium-3-5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1500000,"cachedInput":150000,"output":7500000}}]},
  ],
  "mistral/mistral-small-2603": [
    {"version":"mistral/mistral-small-2603@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"cachedInput":15000,"output":600000}}]},
  ],
  "mistral/devstral-2512": [
    {"version":"mistral/devstral-2512@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":400000,"cachedInput":40000,"output":2000000}}]},
  ],
  "mistral/codestral-2508": [
    {"version":"mistral/codestral-2508@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":300000,"cachedInput":30000,"output":900000}}]},
  ],
  "mistral/ministral-8b-2512": [
    {"version":"mistral/ministral-8b-2512@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"cachedInput":15000,"output":150000}}]},
  ],
  "mistral/mistral-embed": [
    {"version":"mistral/mistral-embed@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":100000,"output":100000}}]},
  ],
  "mistral/mistral-ocr-latest": [
    {"version":"mistral/mistral-ocr-latest@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"page":1000000000}}]},
    {"version":"mistral/mistral-ocr-latest@2025-05-22","effectiveFrom":1747872000000,"tiers":[{"aboveInputTokens":0,"rates":{"page":1000000000,"annotatedPage":3000000000}}]},
    {"version":"mistral/mistral-ocr-latest@2025-12-18","effectiveFrom":1766016000000,"tiers":[{"aboveInputTokens":0,"rates":{"page":2000000000,"annotatedPage":3000000000}}]},
    {"version":"mistral/mistral-ocr-latest@2026-06-23","effectiveFrom":1782172800000,"tiers":[{"aboveInputTokens":0,"rates":{"page":4000000000,"annotatedPage":5000000000}}]},
  ],
  "mistral/mistral-ocr-4-1": [
    {"version":"mistral/mistral-ocr-4-1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"page":4000000000,"annotatedPage":5000000000}}]},
  ],
  "mistral/voxtral-mini-2602": [
    {"version":"mistral/voxtral-mini-2602@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"audioSecond":50000000}}]},
  ],
  "openrouter/google/gemma-4-31b-it": [
    {"version":"openrouter/google/gemma-4-31b-it@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":120000,"cachedInput":90000,"output":360000}}]},
    {"version":"openrouter/google/gemma-4-31b-it@2026-08-27","effectiveFrom":1787788800000,"tiers":[{"aboveInputTokens":0,"rates":{"input":90000,"cachedInput":50000,"output":340000}}]},
  ],
  "openrouter/moonshotai/kimi-k3": [
    {"version":"openrouter/moonshotai/kimi-k3@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":3000000,"cachedInput":300000,"output":15000000}}]},
  ],
  "openrouter/z-ai/glm-5.3": [
    {"version":"openrouter/z-ai/glm-5.3@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1400000,"cachedInput":260000,"output":4400000}}]},
  ],
  "openrouter/z-ai/glm-4.7": [
    {"version":"openrouter/z-ai/glm-4.7@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":400000,"cachedInput":80000,"output":1750000}}]},
  ],
  "openrouter/deepseek/deepseek-v4-pro": [
    {"version":"openrouter/deepseek/deepseek-v4-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":435000,"cachedInput":3625,"output":870000}}]},
  ],
  "openrouter/meta-llama/llama-3.3-70b-instruct": [
    {"version":"openrouter/meta-llama/llama-3.3-70b-instruct@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":50000,"output":240000}}]},
  ],
  "openrouter/qwen/qwen3-max": [
    {"version":"openrouter/qwen/qwen3-max@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1200000,"output":6000000}}]},
  ],
  "openrouter/cohere/rerank-v3.5": [
    {"version":"openrouter/cohere/rerank-v3.5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"searchUnit":1000000000}}]},
  ],
  "openrouter/cohere/rerank-4-pro": [
    {"version":"openrouter/cohere/rerank-4-pro@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"searchUnit":2500000000}}]},
  ],
  "bedrock/openai.gpt-oss-120b-1:0": [
    {"version":"bedrock/openai.gpt-oss-120b-1:0@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"output":600000}}]},
  ],
  "azure/gpt-5.5": [
    {"version":"azure/gpt-5.5@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":5000000,"cachedInput":500000,"output":30000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":10000000,"cachedInput":1000000,"output":45000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "azure/gpt-5.4": [
    {"version":"azure/gpt-5.4@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":250000,"output":15000000,"webSearch":10000000000,"fileSearch":2500000000}},{"aboveInputTokens":271999,"rates":{"input":5000000,"cachedInput":500000,"output":22500000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "azure/gpt-5.4-mini": [
    {"version":"azure/gpt-5.4-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":750000,"cachedInput":75000,"output":4500000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "azure/gpt-5-mini": [
    {"version":"azure/gpt-5-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":250000,"cachedInput":25000,"output":2000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "azure/o4-mini": [
    {"version":"azure/o4-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":1100000,"cachedInput":275000,"output":4400000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "azure/gpt-4.1": [
    {"version":"azure/gpt-4.1@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2000000,"cachedInput":500000,"output":8000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "azure/gpt-4.1-mini": [
    {"version":"azure/gpt-4.1-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":400000,"cachedInput":100000,"output":1600000,"fileSearch":2500000000}}]},
  ],
  "azure/gpt-4o": [
    {"version":"azure/gpt-4o@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":2500000,"cachedInput":1250000,"output":10000000,"webSearch":10000000000,"fileSearch":2500000000}}]},
  ],
  "azure/gpt-4o-mini": [
    {"version":"azure/gpt-4o-mini@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":150000,"cachedInput":75000,"output":600000,"fileSearch":2500000000}}]},
  ],
  "azure/text-embedding-3-large": [
    {"version":"azure/text-embedding-3-large@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":130000}}]},
  ],
  "azure/text-embedding-3-small": [
    {"version":"azure/text-embedding-3-small@0","effectiveFrom":null,"tiers":[{"aboveInputTokens":0,"rates":{"input":20000}}]},
  ],
} satisfies Record<string, readonly Price[]>;
