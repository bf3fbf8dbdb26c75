/*
key = ["project_id", "event_source"]
description = """
One line of figures for every project that has a repository. "6 months" is the calendar span that
ends at as_of, the day up to which every source is known. Definitions are in docs/metrics.md.
"""

[columns]
repository_count = "Repositories of the project, active or not."
first_created_at_date = "The earliest creation an event states."
last_updated_at_date = "Day of the last event or commit."
star_count = "Stars given; nobody tells of those taken back."
developer_count = "Who ever committed."
contributor_count = "Who ever committed, opened an issue, or opened or merged a pull request."
fulltime_developer_average_6_months = "Developers with commits on 10 of 30 days, mean over days."
time_to_first_response_days_average_6_months = "Of threads first answered within the 6 months."
time_to_merge_days_average_6_months = "Of pull requests merged within the 6 months."
made_up = "Whether any event counted is from a made-up sample."

[[checks]]
relationships = { column = "project_id", to = "marts.projects_v1.project_id" }

[[checks]]
name = "nobody is counted who did nothing"
sql = "FROM marts.code_metrics_by_project_v1 WHERE contributor_count < developer_count"
*/
WITH project_repositories AS (
    SELECT project_id, artifact_source, artifact_namespace, artifact_name
    FROM intermediate.artifacts_by_project
    WHERE artifact_type = 'REPOSITORY'
),

repository_figures AS (
    SELECT
        owned.project_id,
        owned.artifact_source AS event_source,
        count(*) AS repository_count,
        min(repositories.created_at)::DATE AS first_created_at_date,
        max(repositories.last_seen_at)::DATE AS last_updated_at_date,
        bool_or(coalesce(repositories.made_up, false)) AS made_up
    FROM project_repositories AS owned
    LEFT JOIN intermediate.repositories AS repositories
        ON owned.artifact_source = repositories.artifact_source
        AND owned.artifact_namespace = repositories.artifact_namespace
        AND owned.artifact_name = repositories.artifact_name
    GROUP BY ALL
),

events AS (
    SELECT
        owned.project_id,
        events.event_source,
        events.event_type,
        events.from_artifact_id AS who,
        events.time,
        events.time::DATE AS day,
        coalesce(
            events.time > as_of() - INTERVAL 6 MONTH AND events.time <= as_of(), false
        ) AS is_recent
    FROM intermediate.events AS events
    JOIN project_repositories AS owned
        ON events.event_source = owned.artifact_source
        AND events.to_artifact_namespace = owned.artifact_namespace
        AND events.to_artifact_name = owned.artifact_name
),

event_figures AS (
    SELECT
        project_id,
        event_source,
        min(day) FILTER (event_type = 'COMMIT_CODE') AS first_commit_date,
        max(day) FILTER (event_type = 'COMMIT_CODE') AS last_commit_date,
        count(*) FILTER (event_type = 'STARRED') AS star_count,
        count(*) FILTER (event_type = 'FORKED') AS fork_count,
        count(DISTINCT who) FILTER (event_type = 'COMMIT_CODE') AS developer_count,
        count(DISTINCT who) FILTER (event_type = 'COMMIT_CODE' AND is_recent)
            AS active_developer_count_6_months,
        count(*) FILTER (event_type = 'COMMIT_CODE' AND is_recent) AS commit_count_6_months,
        count(*) FILTER (event_type = 'PULL_REQUEST_OPENED' AND is_recent)
            AS opened_pull_request_count_6_months,
        count(*) FILTER (event_type = 'PULL_REQUEST_MERGED' AND is_recent)
            AS merged_pull_request_count_6_months,
        count(*) FILTER (event_type = 'ISSUE_OPENED' AND is_recent)
            AS opened_issue_count_6_months,
        count(*) FILTER (event_type = 'ISSUE_CLOSED' AND is_recent)
            AS closed_issue_count_6_months,
        count(*) FILTER (
            event_type IN ('ISSUE_COMMENT', 'PULL_REQUEST_REVIEW_COMMENT') AND is_recent
        ) AS comment_count_6_months,
        count(*) FILTER (event_type = 'RELEASE_PUBLISHED' AND is_recent)
            AS release_count_6_months
    FROM events
    GROUP BY ALL
),

contributors AS (
    SELECT
        events.project_id,
        events.event_source,
        events.who,
        bool_or(events.is_recent) AS is_recent,
        min(events.time) > as_of() - INTERVAL 6 MONTH AND min(events.time) <= as_of() AS is_new
    FROM events
    JOIN intermediate.metric_definitions AS definitions
        ON events.event_type = definitions.event_type AND definitions.metric = 'contributors'
    WHERE events.who IS NOT NULL
    GROUP BY ALL
),

contributor_figures AS (
    SELECT
        project_id,
        event_source,
        count(*) AS contributor_count,
        count(*) FILTER (is_recent) AS contributor_count_6_months,
        count(*) FILTER (is_new) AS new_contributor_count_6_months
    FROM contributors
    GROUP BY ALL
),

-- A commit day counts for itself and the 29 days after it.
commit_days AS (
    SELECT DISTINCT project_id, event_source, who, day
    FROM events
    WHERE event_type = 'COMMIT_CODE'
        AND who IS NOT NULL
        AND time > as_of() - INTERVAL 6 MONTH - INTERVAL 30 DAY
        AND time <= as_of()
),

rolling AS (
    SELECT
        project_id,
        event_source,
        who,
        unnest(generate_series(0, 29)) AS ahead,
        day
    FROM commit_days
),

fulltime_days AS (
    SELECT project_id, event_source, who, day + ahead::INTEGER AS day
    FROM rolling
    WHERE day + ahead::INTEGER > (as_of() - INTERVAL 6 MONTH)::DATE
        AND day + ahead::INTEGER <= as_of()::DATE
    GROUP BY ALL
    HAVING count(*) >= 10
),

fulltime_figures AS (
    SELECT project_id, event_source, count(*) AS fulltime_days
    FROM fulltime_days
    GROUP BY ALL
),

thread_figures AS (
    SELECT
        owned.project_id,
        owned.artifact_source AS event_source,
        sum(date_diff('microsecond', threads.opened_at, threads.first_response_at)) FILTER (
            threads.first_response_at > as_of() - INTERVAL 6 MONTH
            AND threads.first_response_at <= as_of()
        )::BIGINT AS response_microseconds,
        count(*) FILTER (
            threads.first_response_at > as_of() - INTERVAL 6 MONTH
            AND threads.first_response_at <= as_of()
        ) AS responses,
        sum(date_diff('microsecond', threads.opened_at, threads.merged_at)) FILTER (
            threads.merged_at > as_of() - INTERVAL 6 MONTH AND threads.merged_at <= as_of()
        )::BIGINT AS merge_microseconds,
        count(*) FILTER (
            threads.merged_at > as_of() - INTERVAL 6 MONTH AND threads.merged_at <= as_of()
        ) AS merges
    FROM intermediate.threads AS threads
    JOIN project_repositories AS owned
        ON owned.artifact_source = 'GITHUB'
        AND threads.artifact_namespace = owned.artifact_namespace
        AND threads.artifact_name = owned.artifact_name
    GROUP BY ALL
)

SELECT
    projects.project_id,
    projects.project_source,
    projects.project_namespace,
    projects.project_name,
    projects.display_name,
    repository_figures.event_source,
    repository_figures.repository_count,
    repository_figures.first_created_at_date,
    repository_figures.last_updated_at_date,
    event_figures.first_commit_date,
    event_figures.last_commit_date,
    coalesce(event_figures.star_count, 0) AS star_count,
    coalesce(event_figures.fork_count, 0) AS fork_count,
    coalesce(event_figures.developer_count, 0) AS developer_count,
    coalesce(contributor_figures.contributor_count, 0) AS contributor_count,
    coalesce(contributor_figures.contributor_count_6_months, 0) AS contributor_count_6_months,
    coalesce(contributor_figures.new_contributor_count_6_months, 0)
        AS new_contributor_count_6_months,
    coalesce(fulltime_figures.fulltime_days, 0)::DOUBLE
        / date_diff('day', (as_of() - INTERVAL 6 MONTH)::DATE, as_of()::DATE)
        AS fulltime_developer_average_6_months,
    coalesce(event_figures.active_developer_count_6_months, 0)
        AS active_developer_count_6_months,
    coalesce(event_figures.commit_count_6_months, 0) AS commit_count_6_months,
    coalesce(event_figures.opened_pull_request_count_6_months, 0)
        AS opened_pull_request_count_6_months,
    coalesce(event_figures.merged_pull_request_count_6_months, 0)
        AS merged_pull_request_count_6_months,
    coalesce(event_figures.opened_issue_count_6_months, 0) AS opened_issue_count_6_months,
    coalesce(event_figures.closed_issue_count_6_months, 0) AS closed_issue_count_6_months,
    coalesce(event_figures.comment_count_6_months, 0) AS comment_count_6_months,
    coalesce(event_figures.release_count_6_months, 0) AS release_count_6_months,
    thread_figures.response_microseconds::DOUBLE / 86400000000 / thread_figures.responses
        AS time_to_first_response_days_average_6_months,
    thread_figures.merge_microseconds::DOUBLE / 86400000000 / thread_figures.merges
        AS time_to_merge_days_average_6_months,
    repository_figures.made_up
FROM repository_figures
JOIN raw.projects AS projects ON repository_figures.project_id = projects.project_id
LEFT JOIN event_figures
    ON repository_figures.project_id = event_figures.project_id
    AND repository_figures.event_source = event_figures.event_source
LEFT JOIN contributor_figures
    ON repository_figures.project_id = contributor_figures.project_id
    AND repository_figures.event_source = contributor_figures.event_source
LEFT JOIN fulltime_figures
    ON repository_figures.project_id = fulltime_figures.project_id
    AND repository_figures.event_source = fulltime_figures.event_source
LEFT JOIN thread_figures
    ON repository_figures.project_id = thread_figures.project_id
    AND repository_figures.event_source = thread_figures.event_source
