using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Runner.Engine.Logs;
using Runner.Web.Components.Models.Logs;
using Runner.Web.Live;
using Runner.Web.Live.Logs;

namespace Runner.Web.ConsoleApi;

/// <summary>Logs as a file: whatever the cluster still has, in the order of time, passed on as it comes.</summary>
internal static class LogDownload
{
    /// <summary>So many characters are gathered before they are sent.</summary>
    private const int Piece = 32 * 1024;

    /// <summary>
    /// <c>?workload=cluster/kind/namespace/name&amp;pod=cluster/kind/namespace/name/pod&amp;labels=&amp;container=&amp;since=&amp;previous=1&amp;filter=&amp;regex=1</c>,
    /// workloads and pods as often as wanted. Every line begins with its time, pod and container.
    /// </summary>
    public static async Task SendAsync(HttpContext context, IConsoleEngine engine, TimeProvider time)
    {
        var query = LogQuery.Parse(null, context.Request.QueryString.Value ?? "");
        var filter = LogFilter.Make(query.Filter, query.Expression, out var problem);
        var targets = LogTargets.Find(query.Selection, engine);
        if (Refusal(query, context.Request.Query["since"].ToString(), problem, targets.Count) is { } refusal)
        {
            context.Response.StatusCode = refusal.Status;
            await context.Response.WriteAsJsonAsync(new { msg = refusal.Message }, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        var response = context.Response;
        response.ContentType = "text/plain; charset=utf-8";
        response.Headers.CacheControl = "no-store";
        response.Headers.ContentDisposition = $"attachment; filename=\"{FileName(query, time.GetUtcNow())}\"";
        _ = LogSince.TryRead(query.Since, out var since);
        var options = new PodLogOptions(Since: since.From(time.GetUtcNow()), Previous: query.Previous);
        var sources = targets.Select(target => LinesAsync(engine, target, options, context.RequestAborted)).ToList();
        await using var writer = new StreamWriter(response.Body, new UTF8Encoding(false), Piece, leaveOpen: true);
        await foreach (var line in LogMerge.InOrderAsync(sources, context.RequestAborted).ConfigureAwait(false))
        {
            if (filter.Shows(line.Text))
            {
                await writer.WriteAsync(line.Time.UtcDateTime.ToString("O", CultureInfo.InvariantCulture).AsMemory(), context.RequestAborted).ConfigureAwait(false);
                await writer.WriteAsync($" {line.Pod} {line.Container} ".AsMemory(), context.RequestAborted).ConfigureAwait(false);
                await writer.WriteLineAsync(line.Text.AsMemory(), context.RequestAborted).ConfigureAwait(false);
            }
        }
    }

    private static (int Status, string Message)? Refusal(LogQuery query, string since, string? filterProblem, int targets)
    {
        if (query.Selection.IsEmpty)
        {
            return (400, "Say whose logs: workload=cluster/kind/namespace/name, pod=cluster/kind/namespace/name/pod, or labels=app=web.");
        }

        LabelSelector.Read(query.Selection.Labels, out var labels);
        if (labels.Length > 0)
        {
            return (400, $"'labels' is no label selector: {labels}.");
        }

        if (!LogSince.TryRead(since, out _))
        {
            return (400, "'since' must be a duration such as 15m, 2h or 7d, or a moment such as 2026-03-01T12:00:00Z.");
        }

        return filterProblem is not null ? (400, $"'filter' cannot be used: {filterProblem}")
            : targets == 0 ? (404, "None of the chosen pods is there, and no log is kept of them.")
            : targets > LogStreams.MaxStreams ? (400, $"These are {targets} logs; at most {LogStreams.MaxStreams} can be had at once. Choose fewer pods.")
            : null;
    }

    private static async IAsyncEnumerable<LogLine> LinesAsync(
        IConsoleEngine engine, LogTarget target, PodLogOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var lines = engine.ReadLogAsync(target.Workload, target.Pod, target.Container, options, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var last = DateTimeOffset.MinValue;
        while (true)
        {
            string? problem = null;
            try
            {
                if (!await lines.MoveNextAsync().ConfigureAwait(false))
                {
                    yield break;
                }

                last = lines.Current.Time;
            }
            catch (LogUnavailableException exception)
            {
                // The answer has begun: what is wrong can only be told as a line of its own.
                problem = exception.Message;
            }

            yield return problem is null ? lines.Current : new LogLine(target.Pod, target.Container, last, $"[{problem}]");
            if (problem is not null)
            {
                yield break;
            }
        }
    }

    private static string FileName(LogQuery query, DateTimeOffset now)
    {
        var name = query.Selection is { Pods: [var pod], Workloads.Count: 0 } ? pod.Pod : query.OnlyWorkload?.Name ?? "logs";
        var safe = new string([.. name.Select(character => char.IsAsciiLetterOrDigit(character) || character is '-' or '.' ? character : '_')]);
        return $"{safe}-{now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture)}.log";
    }
}
