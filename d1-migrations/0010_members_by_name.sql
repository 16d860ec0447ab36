DROP INDEX `members_by_organization`;--> statement-breakpoint
CREATE INDEX `members_by_organization` ON `members` (`organization_id`,lower("name"),`id`);