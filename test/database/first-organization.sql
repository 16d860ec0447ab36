-- One organization as it stood after the first migration (0000), and nothing later: stored, never made anew. Its keys were
-- tagged under the secret of the tests. Bob's third request had arrived and was not rolled up yet.
INSERT INTO users (id, name, email, created_at) VALUES
  ('usr_000000000000ada0', 'Ada', 'ada@example.com', 1790000000123),
  ('usr_0000000000000b0b', 'Bob', 'bob@example.com', 1790000000456);
INSERT INTO organizations (id, name, kind, plan, time_zone, created_at) VALUES
  ('org_00000000000000ax', 'Engines', 'team', 'enterprise', 'Europe/London', 1790000000000);
INSERT INTO projects (id, organization_id, name, created_at, archived_at) VALUES
  ('prj_00000000000000ax', 'org_00000000000000ax', 'Notes', 1790000001000, NULL),
  ('prj_00000000000000bx', 'org_00000000000000ax', 'Looms', 1790000002000, 1790000009000);
INSERT INTO members (id, organization_id, user_id, name, role, created_at, removed_at, budget, budget_version, budget_cycle, policy_generation, policy_version) VALUES
  ('mem_000000000000ada0', 'org_00000000000000ax', 'usr_000000000000ada0', 'Ada', 'owner', 1790000003000, NULL, '{"maxApiKeys":null,"usageLimit":null,"usageLimitBasis":null,"periodUsageLimit":null,"periodUsageDurationValue":null,"periodUsageDurationUnit":null,"periodAlignment":null,"requestsPerMinute":null,"tokensPerMinute":null,"concurrency":null}', 1, 0, 1, 1),
  ('mem_0000000000000b0b', 'org_00000000000000ax', 'usr_0000000000000b0b', 'Bob', 'developer', 1790000004000, NULL, '{"maxApiKeys":2,"usageLimit":"1","usageLimitBasis":"lifetime","periodUsageLimit":null,"periodUsageDurationValue":null,"periodUsageDurationUnit":null,"periodAlignment":null,"requestsPerMinute":null,"tokensPerMinute":null,"concurrency":null}', 3, 0, 1, 5),
  ('mem_0000000000000j0b', 'org_00000000000000ax', NULL, 'Nightly job', 'api', 1790000005000, NULL, '{"usageLimit":"0"}', 1, 0, 1, 2),
  ('mem_0000000000000g0n', 'org_00000000000000ax', NULL, 'Gone', 'developer', 1790000006000, 1790000008000, '{}', 1, 0, 1, 3);
INSERT INTO project_grants (member_id, project_id) VALUES
  ('mem_0000000000000b0b', 'prj_00000000000000ax'),
  ('mem_0000000000000b0b', 'prj_00000000000000bx');
INSERT INTO api_keys (id, organization_id, project_id, member_id, name, hash, masked, status, limits, created_at, expires_at, deleted_at) VALUES
  ('key_000000000000ada0', 'org_00000000000000ax', 'prj_00000000000000ax', 'mem_000000000000ada0', 'Desk', 'd9ab90f6d9622a5182419ee80e0d6ec1247973440fcf8218d33589363fee642d', 'psr_…95m1', 'disabled', '{"usageLimit":null,"periodUsageLimit":null,"periodUsageDurationValue":null,"periodUsageDurationUnit":null,"periodAlignment":null}', 1790000007000, NULL, NULL),
  ('key_0000000000000b0b', 'org_00000000000000ax', 'prj_00000000000000ax', 'mem_0000000000000b0b', 'Laptop', '3ea70b2b75011b2294513e3d0be00c87b598ca583e94371eed4b876d2228678c', 'psr_…j2w2', 'active', '{"usageLimit":"0.50","periodUsageLimit":null,"periodUsageDurationValue":null,"periodUsageDurationUnit":null,"periodAlignment":null}', 1790000008000, NULL, NULL),
  ('key_0000000000000d0d', 'org_00000000000000ax', 'prj_00000000000000bx', 'mem_0000000000000b0b', 'Lost', '0000000000000000000000000000000000000000000000000000000000000000', 'psr_…0000', 'active', '{}', 1790000007500, NULL, 1790000008500);
INSERT INTO master_keys (id, organization_id, name, hash, masked, created_at, deleted_at) VALUES
  ('mky_00000000000000ax', 'org_00000000000000ax', 'Deploys', 'f11dfcc97410acbad19f37c6c74808ee87433c1348e2e5a21459b30ae6da002c', 'psm_…xwz5', 1790000009000, NULL);
INSERT INTO invitations (id, organization_id, email, role, project_ids, budget, created_at, expires_at, accepted_at, revoked_at) VALUES
  ('inv_00000000000000ax', 'org_00000000000000ax', 'cal@example.com', 'basic', '[]', '{}', 1790000009000, 4102444800000, NULL, NULL);
INSERT INTO policy_pushes (member_id, requested_at) VALUES ('mem_0000000000000j0b', 1790000005000);
INSERT INTO usage_events (seq, organization_id, member_id, n, attempt_id, request_id, project_id, key_id, endpoint, mapping, canonical_model, provider, app, outcome, refusal, requests, opened_at, settled_at, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, input_cost, output_cost, overrun, unresolved, price_version, estimated, streamed, latency_ms, first_token_ms) VALUES
  (1, 'org_00000000000000ax', 'mem_0000000000000b0b', 1, 'attempt-b-1', 'req-b-1', 'prj_00000000000000ax', 'key_0000000000000b0b', 'chat/completions', 'demo/words', 'words', 'demo', 'unknown', 'completed', NULL, 1, 1790100000000, 1790100001000, 1000, 0, 2000, 0, 5000000, 1000000, 4000000, 0, 0, 'demo-1', 0, 1, 1000, 20),
  (2, 'org_00000000000000ax', 'mem_000000000000ada0', 1, 'attempt-a-1', 'req-a-1', 'prj_00000000000000ax', 'key_000000000000ada0', 'chat/completions', 'demo/words', 'words', 'demo', 'notes', 'completed', NULL, 1, 1790100100000, 1790100101000, 10, 0, 20, 0, 50000, 10000, 40000, 0, 0, 'demo-1', 0, 0, 1000, NULL),
  (3, 'org_00000000000000ax', 'mem_0000000000000b0b', 2, 'attempt-b-2', 'req-b-2', 'prj_00000000000000bx', 'key_0000000000000d0d', 'chat/completions', 'demo/words', 'words', 'demo', 'unknown', 'completed', NULL, 1, 1790186400000, 1790186401000, 100, 0, 200, 0, 500000, 100000, 400000, 0, 0, 'demo-1', 0, 0, 900, NULL),
  (4, 'org_00000000000000ax', 'mem_0000000000000b0b', 3, 'attempt-b-3', 'req-b-3', 'prj_00000000000000ax', 'key_0000000000000b0b', 'chat/completions', 'demo/words', 'words', 'demo', 'unknown', 'upstream_error', NULL, 1, 1790186500000, 1790186501000, 7, 0, 0, 0, 7000, 7000, 0, 0, 0, 'demo-1', 1, 0, 900, NULL);
INSERT INTO member_ledgers (member_id, organization_id, shipped, cost, requests, overrun, unresolved) VALUES
  ('mem_0000000000000b0b', 'org_00000000000000ax', 3, 5507000, 3, 0, 0),
  ('mem_000000000000ada0', 'org_00000000000000ax', 1, 50000, 1, 0, 0);
INSERT INTO usage_dimensions (id, organization_id, project_id, key_id, member_id, mapping, canonical_model, provider, app) VALUES
  (1, 'org_00000000000000ax', 'prj_00000000000000ax', 'key_0000000000000b0b', 'mem_0000000000000b0b', 'demo/words', 'words', 'demo', 'unknown'),
  (2, 'org_00000000000000ax', 'prj_00000000000000ax', 'key_000000000000ada0', 'mem_000000000000ada0', 'demo/words', 'words', 'demo', 'notes'),
  (3, 'org_00000000000000ax', 'prj_00000000000000bx', 'key_0000000000000d0d', 'mem_0000000000000b0b', 'demo/words', 'words', 'demo', 'unknown');
INSERT INTO usage_rollups (organization_id, bucket_at, dimension_id, requests, upstream_errors, client_errors, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, input_cost, output_cost) VALUES
  ('org_00000000000000ax', 1790100000000, 1, 1, 0, 0, 0, 1000, 0, 2000, 0, 5000000, 1000000, 4000000),
  ('org_00000000000000ax', 1790100000000, 2, 1, 0, 0, 0, 10, 0, 20, 0, 50000, 10000, 40000),
  ('org_00000000000000ax', 1790186400000, 3, 1, 0, 0, 0, 100, 0, 200, 0, 500000, 100000, 400000);
UPDATE rollup_watermark SET seq = 3, rolled_up_to = 1790187000000, proven_seq = 3, proven_at = 1790187000000;
