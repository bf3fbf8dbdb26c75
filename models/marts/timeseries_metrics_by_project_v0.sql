/*
key = ["sample_date", "metric_id", "project_id"]
description = """
Every metric of every project per day, week, month, quarter and year. Computed from events at each
span, never added up. A span without events has no row.
"""

[columns]
sample_date = "First day of the span; weeks start on Monday."
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
        daily.bucket_day,
        daily.event_type,
        daily.to_artifact_namespace || '/' || daily.to_artifact_name AS to_artifact,
        non_empty(daily.from_artifact_id) AS from_artifact,
        daily.amount,
        daily.made_up
    FROM intermediate.events_daily AS daily
    JOIN intermediate.artifacts_by_project AS artifacts
        ON daily.event_source = artifacts.artifact_source
        AND daily.to_artifact_namespace = artifacts.artifact_namespace
        AND daily.to_artifact_name = artifacts.artifact_name
    WHERE daily.event_source = 'GITHUB' AND artifacts.artifact_type = 'REPOSITORY'
),

spans AS (
    SELECT unnest(['daily', 'weekly', 'monthly', 'quarterly', 'yearly']) AS span
),

counted AS (
    SELECT
        days.project_id,
        'GITHUB_' || definitions.metric || '_' || spans.span AS metric_name,
        CASE spans.span
            WHEN 'daily' THEN days.bucket_day
            WHEN 'weekly' THEN date_trunc('week', days.bucket_day)
            WHEN 'monthly' THEN date_trunc('month', days.bucket_day)
            WHEN 'quarterly' THEN date_trunc('quarter', days.bucket_day)
            WHEN 'yearly' THEN date_trunc('year', days.bucket_day)
        END::DATE AS sample_date,
        definitions.aggregation,
        days.to_artifact,
        days.from_artifact,
        days.amount,
        days.made_up
    FROM days
    JOIN intermediate.metric_definitions AS definitions
        ON days.event_type = definitions.event_type
    CROSS JOIN spans
),

amounts AS (
    SELECT
        sample_date,
        metric_name,
        project_id,
        sum(amount)::BIGINT AS amount,
        bool_or(made_up) AS made_up
    FROM counted
    WHERE aggregation = 'SUM'
    GROUP BY ALL
    UNION ALL
    SELECT
        sample_date,
        metric_name,
        project_id,
        count(DISTINCT from_artifact),
        bool_or(made_up)
    FROM counted
    WHERE aggregation = 'COUNT_DISTINCT_FROM'
    GROUP BY ALL
    UNION ALL
    SELECT
        sample_date,
        metric_name,
        project_id,
        count(DISTINCT to_artifact),
        bool_or(made_up)
    FROM counted
    WHERE aggregation = 'COUNT_DISTINCT_TO'
    GROUP BY ALL
)

SELECT
    metrics.metric_id,
    amounts.project_id,
    amounts.sample_date,
    amounts.amount::DOUBLE AS amount,
    NULL::VARCHAR AS unit,
    amounts.made_up
FROM amounts
JOIN marts.metrics_v0 AS metrics ON amounts.metric_name = metrics.metric_name
WHERE amounts.amount > 0
