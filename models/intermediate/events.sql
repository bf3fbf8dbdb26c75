/*
key = [
    "time", "event_source", "event_type", "to_artifact_namespace", "to_artifact_name",
    "event_source_id"
]
description = """
Open Source Observer's universal event table: who did what to which repository, when. Definitions
are in docs/metrics.md. Commits are on the default branch, once per repository; one that git knows
is dated and credited as git says, another as its first push says.
"""

[columns]
time = "When it happened, UTC; a commit from git when committed, another when pushed."
event_source = "GITHUB; GIT for git repositories elsewhere."
event_source_id = "Upstream's id of the event; for COMMIT_CODE the commit's."
from_artifact_id = "Who: id of the login; null if upstream does not say."
from_artifact_name = "The login; for a commit without one the hash of its author's address."
amount = "1."
made_up = "Whether it is from a made-up sample."

[[checks]]
accepted_values = { column = "event_source", values = ["GITHUB", "GIT"] }
*/
WITH timeline AS (
    SELECT
        time,
        CASE event_type
            WHEN 'WatchEvent' THEN ['STARRED']
            WHEN 'ForkEvent' THEN ['FORKED']
            WHEN 'ReleaseEvent' THEN
                CASE WHEN action = 'published' THEN ['RELEASE_PUBLISHED'] END
            WHEN 'IssuesEvent' THEN
                CASE action
                    WHEN 'opened' THEN ['ISSUE_OPENED']
                    WHEN 'closed' THEN ['ISSUE_CLOSED']
                    WHEN 'reopened' THEN ['ISSUE_REOPENED']
                END
            WHEN 'IssueCommentEvent' THEN
                CASE WHEN coalesce(action, 'created') = 'created' THEN ['ISSUE_COMMENT'] END
            WHEN 'PullRequestReviewCommentEvent' THEN
                CASE
                    WHEN coalesce(action, 'created') = 'created'
                    THEN ['PULL_REQUEST_REVIEW_COMMENT']
                END
            WHEN 'PullRequestEvent' THEN
                CASE
                    WHEN action = 'opened' THEN ['PULL_REQUEST_OPENED']
                    WHEN action = 'reopened' THEN ['PULL_REQUEST_REOPENED']
                    WHEN is_merged THEN ['PULL_REQUEST_CLOSED', 'PULL_REQUEST_MERGED']
                    WHEN action = 'closed' THEN ['PULL_REQUEST_CLOSED']
                END
        END AS event_types,
        event_id,
        repo_owner,
        repo_name,
        actor_id,
        actor_login,
        made_up
    FROM staging.github_events
    WHERE repo_owner IS NOT NULL
),

commits AS (
    SELECT
        0 AS priority,
        committed_at AS time,
        repository AS origin,
        0 AS position,
        sha,
        -- A repository elsewhere than on GitHub is named by its address.
        regexp_extract(repository, '^https?://github\.com/([^/]+)/([^/]+)$', 1) AS repo_owner,
        coalesce(
            non_empty(regexp_extract(repository, '^https?://github\.com/([^/]+)/([^/]+)$', 2)),
            repository
        ) AS repo_name,
        NULL AS actor_id,
        coalesce(author_login, author_email, lower(author_name)) AS actor_login,
        coalesce(made_up, false) AS made_up
    FROM raw.git_commits AS git_commits
    LEFT JOIN raw.sources AS sources ON git_commits.source = sources.source
    UNION ALL
    SELECT
        1,
        pushed.time,
        pushed.event_id,
        pushed.position,
        pushed.sha,
        pushed.repo_owner,
        pushed.repo_name,
        pushed.actor_id,
        pushed.actor_login,
        pushed.made_up
    FROM staging.github_commits AS pushed
    JOIN intermediate.repositories AS repositories
        ON pushed.repo_owner = repositories.artifact_namespace
        AND pushed.repo_name = repositories.artifact_name
    WHERE pushed.branch = repositories.default_branch
        OR (repositories.default_branch IS NULL AND pushed.branch IN ('main', 'master'))
),

first_commits AS (
    SELECT *
    FROM commits
    QUALIFY row_number() OVER (
        PARTITION BY repo_owner, repo_name, sha
        ORDER BY priority, time, origin, position
    ) = 1
),

events AS (
    SELECT
        time,
        'GITHUB' AS event_source,
        unnest(event_types) AS event_type,
        repo_owner,
        repo_name,
        event_id AS event_source_id,
        actor_id,
        actor_login,
        made_up
    FROM timeline
    UNION ALL
    SELECT
        time,
        CASE repo_owner WHEN '' THEN 'GIT' ELSE 'GITHUB' END,
        'COMMIT_CODE',
        repo_owner,
        repo_name,
        sha,
        actor_id,
        actor_login,
        made_up
    FROM first_commits
)

SELECT
    events.time,
    events.event_source,
    events.event_type,
    events.repo_owner AS to_artifact_namespace,
    events.repo_name AS to_artifact_name,
    events.event_source_id,
    coalesce(
        repositories.artifact_id, oso_id(events.event_source, events.repo_owner, events.repo_name)
    ) AS to_artifact_id,
    oso_id('GITHUB', events.actor_login, events.actor_login) AS from_artifact_id,
    repositories.artifact_source_id AS to_artifact_source_id,
    events.actor_login AS from_artifact_name,
    events.actor_login AS from_artifact_namespace,
    events.actor_id::VARCHAR AS from_artifact_source_id,
    1::BIGINT AS amount,
    events.made_up
FROM events
LEFT JOIN intermediate.repositories AS repositories
    ON events.event_source = repositories.artifact_source
    AND events.repo_owner = repositories.artifact_namespace
    AND events.repo_name = repositories.artifact_name
