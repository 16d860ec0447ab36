CREATE TABLE `__new_budget_warnings` (
	`member_id` text NOT NULL,
	`scope` text DEFAULT 'member' NOT NULL,
	`limit_name` text NOT NULL,
	`status_at` integer NOT NULL,
	`percent` integer NOT NULL,
	`limit_amount` integer NOT NULL,
	`window_start` integer NOT NULL,
	`window_end` integer,
	`about` text NOT NULL,
	`unsent` text NOT NULL,
	`leased_until` integer DEFAULT 0 NOT NULL,
	PRIMARY KEY(`member_id`, `scope`, `limit_name`),
	FOREIGN KEY (`member_id`) REFERENCES `members`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
INSERT INTO `__new_budget_warnings`("member_id", "scope", "limit_name", "status_at", "percent", "limit_amount", "window_start", "window_end", "about", "unsent", "leased_until") SELECT "member_id", 'member', "limit_name", "status_at", "percent", "limit_amount", "window_start", "window_end", "about", "unsent", "leased_until" FROM `budget_warnings`;--> statement-breakpoint
DROP TABLE `budget_warnings`;--> statement-breakpoint
ALTER TABLE `__new_budget_warnings` RENAME TO `budget_warnings`;--> statement-breakpoint
CREATE INDEX `budget_warnings_unsent` ON `budget_warnings` (`status_at`) WHERE "budget_warnings"."unsent" <> '[]';--> statement-breakpoint
ALTER TABLE `api_keys` ADD `status_news` text;