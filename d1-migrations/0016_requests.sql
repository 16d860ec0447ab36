ALTER TABLE `usage_events` ADD `refused` text;--> statement-breakpoint
CREATE INDEX `usage_events_by_request` ON `usage_events` (`organization_id`,`request_id`,`settled_at`);--> statement-breakpoint
CREATE INDEX `usage_events_refused` ON `usage_events` (`organization_id`,`settled_at`) WHERE "usage_events"."outcome" = 'refused';--> statement-breakpoint
CREATE INDEX `usage_series_of_providers` ON `usage_series` (`kind`) WHERE "usage_series"."kind" = 'provider';