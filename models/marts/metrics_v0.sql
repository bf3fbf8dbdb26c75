/*
key = ["metric_id"]
description = "Every metric: what it counts, over which span of time."

[columns]
metric_name = "Event source, metric and span, as GITHUB_commits_daily."
rendered_sql = "Always null: the statement is the file at sql_source_path."
aggregation_function = "SUM, or COUNT_DISTINCT."

[[checks]]
unique = ["metric_name"]
*/
WITH metrics AS (
    SELECT DISTINCT metric, aggregation, display_name, description
    FROM intermediate.metric_definitions
),

spans AS (
    SELECT *
    FROM (
        VALUES
            ('daily', 'per day', 'timeseries_metrics_by_project_v0'),
            ('weekly', 'per week, from Monday', 'timeseries_metrics_by_project_v0'),
            ('monthly', 'per month', 'timeseries_metrics_by_project_v0'),
            ('quarterly', 'per quarter', 'timeseries_metrics_by_project_v0'),
            ('yearly', 'per year', 'timeseries_metrics_by_project_v0'),
            ('over_all_time', 'over all time', 'key_metrics_by_project_v0')
    ) AS spans (span, words, model)
)

SELECT
    oso_id('OSO', 'oso', 'GITHUB_' || metric || '_' || span) AS metric_id,
    'OSO' AS metric_source,
    'oso' AS metric_namespace,
    'GITHUB_' || metric || '_' || span AS metric_name,
    display_name || ', ' || words AS display_name,
    description,
    NULL::VARCHAR[] AS rendered_sql,
    'models/marts/' || model || '.sql' AS sql_source_path,
    CASE aggregation WHEN 'SUM' THEN 'SUM' ELSE 'COUNT_DISTINCT' END AS aggregation_function
FROM metrics
CROSS JOIN spans
