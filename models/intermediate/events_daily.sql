/*
key = [
    "bucket_day", "event_source", "event_type", "to_artifact_namespace", "to_artifact_name",
    "from_artifact_id"
]
description = "intermediate.events, summed over each day (UTC)."

[columns]
from_artifact_id = "Who; empty if upstream does not say."
amount = "How many events."
made_up = "Whether any of them is from a made-up sample."
*/
SELECT
    time::DATE AS bucket_day,
    event_source,
    event_type,
    to_artifact_namespace,
    to_artifact_name,
    coalesce(from_artifact_id, '') AS from_artifact_id,
    min(to_artifact_id) AS to_artifact_id,
    sum(amount)::BIGINT AS amount,
    bool_or(made_up) AS made_up
FROM intermediate.events
GROUP BY ALL
