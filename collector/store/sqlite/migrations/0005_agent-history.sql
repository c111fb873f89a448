-- When a batch of the agent last said that the log lost, or contradicts, what the agent had seen.
ALTER TABLE agent ADD COLUMN history_lost_ms INTEGER;
ALTER TABLE agent ADD COLUMN history_rewritten_ms INTEGER;
