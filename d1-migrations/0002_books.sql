CREATE TABLE `books_turns` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`turn_at` integer NOT NULL,
	`next_day_at` integer NOT NULL,
	`round_began_at` integer NOT NULL,
	`compared_since` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `day_differences` (
	`organization_id` text NOT NULL,
	`day_at` integer NOT NULL,
	`member_id` text NOT NULL,
	`rollups` integer NOT NULL,
	`days` integer NOT NULL,
	`events` integer,
	PRIMARY KEY(`organization_id`, `day_at`, `member_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `member_books` (
	`member_id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`looked_at` integer NOT NULL,
	`proven_at` integer,
	`proven_seq` integer NOT NULL,
	`unproven_since` integer,
	`unproven_why` text,
	`differs` integer NOT NULL,
	`proof` text NOT NULL,
	`alarmed_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `member_books_that_differ` ON `member_books` (`organization_id`) WHERE "member_books"."differs" = 1;--> statement-breakpoint
CREATE TABLE `member_days` (
	`member_id` text NOT NULL,
	`day_at` integer NOT NULL,
	`cost` integer NOT NULL,
	PRIMARY KEY(`member_id`, `day_at`)
) WITHOUT ROWID;
--> statement-breakpoint
DROP INDEX `usage_events_by_organization`;--> statement-breakpoint
CREATE INDEX `usage_events_by_organization` ON `usage_events` (`organization_id`,`settled_at`,`member_id`,`cost`);--> statement-breakpoint
INSERT INTO `member_days` (`member_id`, `day_at`, `cost`)
SELECT `dimension`.`member_id`, `bucket_at` - `bucket_at` % 86400000, sum(`cost`)
FROM `usage_rollups`
JOIN `usage_dimensions` AS `dimension` ON `dimension`.`id` = `dimension_id`
GROUP BY 1, 2;
