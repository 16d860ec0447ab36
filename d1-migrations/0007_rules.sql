ALTER TABLE `api_keys` ADD `rules` text;--> statement-breakpoint
ALTER TABLE `api_keys` ADD `last_used_at` integer;--> statement-breakpoint
ALTER TABLE `members` ADD `rules` text;