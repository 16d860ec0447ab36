ALTER TABLE `organizations` ADD `default_developer_budget` text;--> statement-breakpoint
ALTER TABLE `organizations` ADD `default_budget_version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `organizations` ADD `metered` integer DEFAULT false NOT NULL;