/*
key = ["metric", "event_type"]
description = """
Which events each metric counts, and how. docs/metrics.md says the same in words.
"""

[columns]
aggregation = "SUM; COUNT_DISTINCT_FROM counts who did it, COUNT_DISTINCT_TO repositories."
*/
SELECT
    metric,
    unnest(event_types) AS event_type,
    aggregation,
    display_name,
    description
FROM (
    VALUES
        (
            'stars', 'SUM', 'Stars', 'Stars given.',
            ['STARRED']
        ),
        (
            'forks', 'SUM', 'Forks', 'Forks made.',
            ['FORKED']
        ),
        (
            'commits', 'SUM', 'Commits', 'Commits on the default branch, once per repository.',
            ['COMMIT_CODE']
        ),
        (
            'releases', 'SUM', 'Releases', 'Releases published.',
            ['RELEASE_PUBLISHED']
        ),
        (
            'comments', 'SUM', 'Comments', 'Comments on issues, pull requests and reviewed code.',
            ['ISSUE_COMMENT', 'PULL_REQUEST_REVIEW_COMMENT']
        ),
        (
            'opened_issues', 'SUM', 'Opened issues', 'Issues opened.',
            ['ISSUE_OPENED']
        ),
        (
            'closed_issues', 'SUM', 'Closed issues', 'Issues closed.',
            ['ISSUE_CLOSED']
        ),
        (
            'opened_pull_requests', 'SUM', 'Opened pull requests', 'Pull requests opened.',
            ['PULL_REQUEST_OPENED']
        ),
        (
            'merged_pull_requests', 'SUM', 'Merged pull requests', 'Pull requests merged.',
            ['PULL_REQUEST_MERGED']
        ),
        (
            'contributors', 'COUNT_DISTINCT_FROM', 'Contributors',
            'Who committed, opened an issue, or opened or merged a pull request.',
            ['COMMIT_CODE', 'ISSUE_OPENED', 'PULL_REQUEST_OPENED', 'PULL_REQUEST_MERGED']
        ),
        (
            'active_developers', 'COUNT_DISTINCT_FROM', 'Active developers', 'Who committed.',
            ['COMMIT_CODE']
        ),
        (
            'repositories', 'COUNT_DISTINCT_TO', 'Active repositories',
            'Repositories with any event.',
            [
                'STARRED', 'FORKED', 'COMMIT_CODE', 'RELEASE_PUBLISHED', 'ISSUE_COMMENT',
                'PULL_REQUEST_REVIEW_COMMENT', 'ISSUE_OPENED', 'ISSUE_CLOSED', 'ISSUE_REOPENED',
                'PULL_REQUEST_OPENED', 'PULL_REQUEST_CLOSED', 'PULL_REQUEST_REOPENED',
                'PULL_REQUEST_MERGED'
            ]
        )
) AS definitions (metric, aggregation, display_name, description, event_types)
