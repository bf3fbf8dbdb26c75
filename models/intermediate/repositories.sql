/*
key = ["artifact_source", "artifact_namespace", "artifact_name"]
description = """
Every repository on GitHub that an event or a configured git repository names. What can change
(numeric id, default branch) is as the latest event says that says it.
"""

[columns]
artifact_id = "Open Source Observer's id."
artifact_source_id = "GitHub's numeric id."
default_branch = "Null if no event says it."
created_at = "The earliest time an event states."
first_seen_at = "Of the first event or commit."
last_seen_at = "Of the last event or commit."
made_up = "Whether any of its events is from a made-up sample."
*/
WITH git AS (
    SELECT
        regexp_extract(repository, '^https?://github\.com/([^/]+)/([^/]+)$', 1) AS repo_owner,
        regexp_extract(repository, '^https?://github\.com/([^/]+)/([^/]+)$', 2) AS repo_name,
        committed_at,
        coalesce(made_up, false) AS made_up
    FROM raw.git_commits AS git_commits
    LEFT JOIN raw.sources AS sources ON git_commits.source = sources.source
),

seen AS (
    SELECT
        repo_owner,
        repo_name,
        time,
        event_id,
        repo_id,
        default_branch,
        repo_created_at,
        made_up
    FROM staging.github_events
    WHERE repo_owner IS NOT NULL
    UNION ALL
    SELECT repo_owner, repo_name, committed_at, NULL, NULL, NULL, NULL, made_up
    FROM git
    WHERE repo_owner <> ''
)

SELECT
    'GITHUB' AS artifact_source,
    repo_owner AS artifact_namespace,
    repo_name AS artifact_name,
    oso_id('GITHUB', repo_owner, repo_name) AS artifact_id,
    -- The largest (time, id, value): the latest, without ties.
    (max({'t': time, 'e': event_id, 'v': repo_id}) FILTER (repo_id IS NOT NULL)).v::VARCHAR
        AS artifact_source_id,
    'https://github.com/' || repo_owner || '/' || repo_name AS artifact_url,
    (max({'t': time, 'e': event_id, 'v': default_branch}) FILTER (default_branch IS NOT NULL)).v
        AS default_branch,
    min(repo_created_at) AS created_at,
    min(time) AS first_seen_at,
    max(time) AS last_seen_at,
    bool_or(made_up) AS made_up
FROM seen
GROUP BY repo_owner, repo_name
