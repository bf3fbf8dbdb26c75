/*
key = ["metric_id", "project_id"]
description = "Every metric of every project over all time."

[columns]
sample_date = "The day up to which every source is known; null if no source says so."
unit = "Always null: every metric is a count."
made_up = "Whether any event counted is from a made-up sample."

[[checks]]
relationships = { column = "metric_id", to = "marts.metrics_v0.metric_id" }

[[checks]]
relationships = { column = "project_id", to = "marts.projects_v1.project_id" }
*/
WITH days AS (
    SELECT
        artifacts.project_id,
        definitions.metric,
        definitions.aggregation,
        daily.to_artifact_namespace || '/' || daily.to_artifact_name AS to_artifact,
        non_empty(daily.from_artifact_id) AS from_artifact,
        daily.amount,
        daily.made_up
    FROM intermediate.events_daily AS daily
    JOIN intermediate.artifacts_by_project AS artifacts
        ON daily.event_source = artifacts.artifact_source
        AND daily.to_artifact_namespace = artifacts.artifact_namespace
        AND daily.to_artifact_name = artifacts.artifact_name
    JOIN intermediate.metric_definitions AS definitions
        ON daily.event_type = definitions.event_type
    WHERE daily.event_source = 'GITHUB' AND artifacts.artifact_type = 'REPOSITORY'
),

amounts AS (
    SELECT
        project_id,
        metric,
        CASE aggregation
            WHEN 'SUM' THEN sum(amount)::BIGINT
            WHEN 'COUNT_DISTINCT_FROM' THEN count(DISTINCT from_artifact)
            WHEN 'COUNT_DISTINCT_TO' THEN count(DISTINCT to_artifact)
        END AS amount,
        bool_or(made_up) AS made_up
    FROM days
    GROUP BY project_id, metric, aggregation
)

SELECT
    metrics.metric_id,
    amounts.project_id,
    as_of()::DATE AS sample_date,
    amounts.amount::DOUBLE AS amount,
    NULL::VARCHAR AS unit,
    amounts.made_up
FROM amounts
JOIN marts.metrics_v0 AS metrics
    ON 'GITHUB_' || amounts.metric || '_over_all_time' = metrics.metric_name
WHERE amounts.amount > 0
