ALTER TABLE `usage_rollups` ADD `events` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
ALTER TABLE `usage_totals` ADD `events` integer DEFAULT 0 NOT NULL;--> statement-breakpoint
-- Of the events that are still here they are counted by the cron, a stretch at a time.
INSERT INTO `usage_backfills` (organization_id, requested_at, next_at, facts_changed, totals_changed)
SELECT DISTINCT organization_id, 0, 0, 0, 0 FROM `usage_dimensions` WHERE true
ON CONFLICT DO UPDATE SET requested_at = 0, next_at = 0, finished_at = NULL, facts_changed = 0, totals_changed = 0;
