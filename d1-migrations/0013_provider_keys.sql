CREATE TABLE `provider_keys` (
	`id` text PRIMARY KEY NOT NULL,
	`organization_id` text NOT NULL,
	`provider` text NOT NULL,
	`slug` text,
	`name` text NOT NULL,
	`base_url` text,
	`settings` text NOT NULL,
	`models` text,
	`sealed` text NOT NULL,
	`masked` text NOT NULL,
	`version` integer DEFAULT 1 NOT NULL,
	`created_at` integer NOT NULL,
	`created_by` text,
	`deleted_at` integer,
	`tested_at` integer,
	`test_problem` text,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
);
--> statement-breakpoint
CREATE INDEX `provider_keys_by_organization` ON `provider_keys` (`organization_id`);--> statement-breakpoint
CREATE UNIQUE INDEX `provider_keys_by_slug` ON `provider_keys` (`organization_id`,`slug`) WHERE "provider_keys"."deleted_at" IS NULL;--> statement-breakpoint
ALTER TABLE `projects` ADD `routing` text;--> statement-breakpoint
ALTER TABLE `projects` ADD `routing_version` integer DEFAULT 1 NOT NULL;--> statement-breakpoint
ALTER TABLE `usage_events` ADD `provider_key_id` text;