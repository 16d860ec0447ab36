CREATE TABLE `usage_backfills` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`requested_at` integer NOT NULL,
	`next_at` integer NOT NULL,
	`finished_at` integer,
	`facts_changed` integer NOT NULL,
	`totals_changed` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `usage_series` (
	`id` integer PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`kind` text NOT NULL,
	`value` text NOT NULL
);
--> statement-breakpoint
CREATE UNIQUE INDEX `usage_series_unique` ON `usage_series` (`organization_id`,`kind`,`value`);--> statement-breakpoint
CREATE TABLE `usage_totals` (
	`series_id` integer NOT NULL,
	`bucket_at` integer NOT NULL,
	`requests` integer NOT NULL,
	`upstream_errors` integer NOT NULL,
	`client_errors` integer NOT NULL,
	`refused` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost` integer NOT NULL,
	`input_cost` integer NOT NULL,
	`output_cost` integer NOT NULL,
	`latencies` text DEFAULT '' NOT NULL,
	`first_tokens` text DEFAULT '' NOT NULL,
	PRIMARY KEY(`series_id`, `bucket_at`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `__new_usage_rollups` (
	`dimension_id` integer NOT NULL,
	`bucket_at` integer NOT NULL,
	`requests` integer NOT NULL,
	`upstream_errors` integer NOT NULL,
	`client_errors` integer NOT NULL,
	`refused` integer NOT NULL,
	`input_tokens` integer NOT NULL,
	`cached_tokens` integer NOT NULL,
	`output_tokens` integer NOT NULL,
	`reasoning_tokens` integer NOT NULL,
	`cost` integer NOT NULL,
	`input_cost` integer NOT NULL,
	`output_cost` integer NOT NULL,
	`latencies` text DEFAULT '' NOT NULL,
	`first_tokens` text DEFAULT '' NOT NULL,
	PRIMARY KEY(`dimension_id`, `bucket_at`)
) WITHOUT ROWID;
--> statement-breakpoint
INSERT INTO `__new_usage_rollups` (dimension_id, bucket_at, requests, upstream_errors, client_errors, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, input_cost, output_cost)
SELECT dimension_id, bucket_at, requests, upstream_errors, client_errors, refused, input_tokens, cached_tokens, output_tokens, reasoning_tokens, cost, input_cost, output_cost FROM `usage_rollups` ORDER BY dimension_id, bucket_at;--> statement-breakpoint
DROP TABLE `usage_rollups`;--> statement-breakpoint
ALTER TABLE `__new_usage_rollups` RENAME TO `usage_rollups`;--> statement-breakpoint
ALTER TABLE `rollup_watermark` ADD `version` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- What is here already has no running totals yet: the cron makes them, a stretch at a time.
INSERT INTO `usage_backfills` (organization_id, requested_at, next_at, facts_changed, totals_changed)
SELECT DISTINCT organization_id, 0, 0, 0, 0 FROM `usage_dimensions`;
