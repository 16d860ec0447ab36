CREATE TABLE `audit_anchors` (
	`organization_id` text PRIMARY KEY NOT NULL,
	`n` integer NOT NULL,
	`looked_at` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `audit_entries` (
	`organization_id` text NOT NULL,
	`n` integer NOT NULL,
	`at` integer NOT NULL,
	`actor_kind` text NOT NULL,
	`actor_id` text,
	`member_id` text,
	`session_id` text,
	`action` text NOT NULL,
	`target_kind` text NOT NULL,
	`target_id` text NOT NULL,
	`before` text,
	`after` text,
	`ip` text,
	`user_agent` text,
	`request_id` text,
	`previous_hash` text NOT NULL,
	`hash` text NOT NULL,
	PRIMARY KEY(`organization_id`, `n`)
) WITHOUT ROWID;
