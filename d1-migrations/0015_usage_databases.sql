CREATE TABLE `usage_fences` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`state` text NOT NULL,
	`turn` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `usage_moves` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`source` text NOT NULL,
	`target` text NOT NULL,
	`phase` text NOT NULL,
	`at_table` integer DEFAULT 0 NOT NULL,
	`after` text,
	`turn` integer DEFAULT 1 NOT NULL,
	`copied` integer DEFAULT 0 NOT NULL,
	`deleted` integer DEFAULT 0 NOT NULL,
	`began_at` integer NOT NULL,
	`switched_at` integer,
	FOREIGN KEY (`organization_id`) REFERENCES `organizations`(`id`) ON UPDATE no action ON DELETE no action
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `api_keys` ADD `told_at` integer;--> statement-breakpoint
ALTER TABLE `organizations` ADD `usage_database` text;--> statement-breakpoint
ALTER TABLE `organizations` ADD `books_turn_at` integer;--> statement-breakpoint
ALTER TABLE `books_turns` DROP COLUMN `turn_at`;