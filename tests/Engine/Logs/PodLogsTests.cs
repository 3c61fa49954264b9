using System.Globalization;
using System.Text;
using System.Web;
using Microsoft.AspNetCore.Http;
using Runner.Engine.Clusters;
using Runner.Engine.Logs;
using Runner.Tests.Engine.Clusters;
using Runner.Tests.Engine.Support;
using static Runner.Tests.Engine.Support.ScriptedApi;

namespace Runner.Tests.Engine.Logs;

/// <summary>One container whose log grows, breaks and begins anew, behind an API that gives it as the kubelet does.</summary>
public sealed class PodLogsTests
{
    private static readonly LogSettings Quick = new()
    {
        Reopen = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20)),
        Look = new(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(20)),
        Silence = TimeSpan.FromSeconds(5),
    };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_log_that_breaks_again_and_again_is_followed_line_by_line_to_the_end(bool politely)
    {
        var container = new Container { LinesBeforeBreak = 117, BreaksPolitely = politely };
        container.Write(1_000);
        var breaks = 0;
        container.OnBreak = () =>
        {
            if (++breaks == 10)
            {
                container.LinesBeforeBreak = int.MaxValue;
                container.End(exitCode: 0, forGood: true);
            }
        };
        await using var api = await StartAsync();
        api.Answer = container.AnswerAsync;
        await using var engine = new RunningEngine([api.Endpoint]);

        var lines = await ReadAsync(engine, new PodLogOptions(Follow: true));

        Assert.Equal(Enumerable.Range(0, 1_000).Select(i => $"line {i}"), lines);
        Assert.Equal(10, breaks);
    }

    [Fact]
    public async Task After_a_restart_the_rest_of_the_run_before_comes_first_and_then_the_new_run()
    {
        var container = new Container { LinesBeforeBreak = 20 };
        container.Write(50);
        container.OnBreak = () =>
        {
            if (container.Restarts == 0)
            {
                container.LinesBeforeBreak = int.MaxValue;
                container.Write(30);
                container.End(exitCode: 1, forGood: false);
                container.Restart();
                container.Write(40);
                container.End(exitCode: 0, forGood: true);
            }
        };
        await using var api = await StartAsync();
        api.Answer = container.AnswerAsync;
        await using var engine = new RunningEngine([api.Endpoint]);

        var lines = await ReadAsync(engine, new PodLogOptions(Follow: true));

        Assert.Equal(Enumerable.Range(0, 120).Select(i => $"line {i}"), lines);
        Assert.Contains(api.Requests, request => request.Contains("previous=true", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_container_that_has_not_started_is_waited_for_and_a_pod_that_goes_ends_the_log()
    {
        var container = new Container { Started = false };
        await using var api = await StartAsync();
        api.Answer = container.AnswerAsync;
        await using var engine = new RunningEngine([api.Endpoint]);

        var reading = ReadAsync(engine, new PodLogOptions(Follow: true, TailLines: 5));
        await Eventually.TrueAsync(() => api.Requests.Count(request => request.EndsWith("/pods/web", StringComparison.Ordinal)) > 3, "the pod is looked at");
        container.Started = true;
        container.Write(3);
        await Eventually.TrueAsync(() => api.Requests.Any(request => request.Contains("follow=true", StringComparison.Ordinal)), "the log is followed");
        container.Write(3);
        container.Gone = true;
        container.BreakNow();

        Assert.Equal(Enumerable.Range(0, 6).Select(i => $"line {i}"), await reading);
    }

    [Fact]
    public async Task What_cannot_be_read_is_told_with_the_reason()
    {
        var container = new Container();
        await using var api = await StartAsync();
        api.Answer = container.AnswerAsync;
        await using var engine = new RunningEngine([api.Endpoint]);

        var noContainer = await Assert.ThrowsAsync<LogUnavailableException>(() => ReadAsync(engine, new PodLogOptions(Follow: true), "side"));
        var noPrevious = await Assert.ThrowsAsync<LogUnavailableException>(() => ReadAsync(engine, new PodLogOptions(Previous: true)));
        container.Gone = true;
        var noPod = await Assert.ThrowsAsync<LogUnavailableException>(() => ReadAsync(engine, new PodLogOptions(Follow: true)));

        Assert.Contains("no container 'side'", noContainer.Message, StringComparison.Ordinal);
        Assert.Contains("previous terminated container", noPrevious.Message, StringComparison.Ordinal);
        Assert.Contains("no pod 'web'", noPod.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task As_bytes_the_log_is_the_same_without_the_times()
    {
        var container = new Container { LinesBeforeBreak = 300 };
        container.Write(5_000);
        container.End(exitCode: 0, forGood: true);
        await using var api = await StartAsync();
        api.Answer = container.AnswerAsync;
        await using var engine = new RunningEngine([api.Endpoint]);
        using var bytes = new MemoryStream();

        await foreach (var piece in new PodLogs(Quick, TimeProvider.System).ReadBytesAsync(
            engine.Cluster, "spaces", "web", "main", new PodLogOptions(Follow: true), TestContext.Current.CancellationToken))
        {
            bytes.Write(piece.Span);
        }

        Assert.Equal(string.Concat(Enumerable.Range(0, 5_000).Select(i => $"line {i}\n")), Encoding.UTF8.GetString(bytes.ToArray()));
    }

    private static async Task<List<string>> ReadAsync(RunningEngine engine, PodLogOptions options, string container = "main")
    {
        var lines = new List<string>();
        await foreach (var line in new PodLogs(Quick, TimeProvider.System).ReadAsync(engine.Cluster, "spaces", "web", container, options, TestContext.Current.CancellationToken))
        {
            lines.Add(line.Text);
        }

        return lines;
    }

    /// <summary>The log of container <c>main</c> of pod <c>web</c>: 40 lines a second by its own clock, two of each time.</summary>
    private sealed class Container
    {
        private const string Running = "\"running\":{}";

        private readonly Lock _lock = new();
        private readonly List<(DateTimeOffset Time, string Text)> _previous = [];
        private readonly List<(DateTimeOffset Time, string Text)> _current = [];
        private int _breaks;
        private int _written;
        private string _phase = "Running";
        private string _state = Running;

        public bool Started { get; set; } = true;

        public bool Gone { get; set; }

        public int Restarts { get; private set; }

        /// <summary>Followed streams are cut after so many lines.</summary>
        public int LinesBeforeBreak { get; set; } = int.MaxValue;

        /// <summary>Whether a cut looks like an ordinary end.</summary>
        public bool BreaksPolitely { get; set; }

        public Action? OnBreak { get; set; }

        public void Write(int count)
        {
            lock (_lock)
            {
                for (; count > 0; count--)
                {
                    _current.Add((DateTimeOffset.UnixEpoch.AddYears(56).AddMilliseconds(_written / 2 * 50), $"line {_written}"));
                    _written++;
                }
            }
        }

        public void End(int exitCode, bool forGood)
        {
            _state = string.Create(CultureInfo.InvariantCulture, $"\"terminated\":{{\"exitCode\":{exitCode}}}");
            _phase = forGood ? "Succeeded" : "Running";
        }

        public void Restart()
        {
            lock (_lock)
            {
                _previous.Clear();
                _previous.AddRange(_current);
                _current.Clear();
                Restarts++;
                _state = Running;
            }
        }

        public void BreakNow() => _breaks++;

        public Task AnswerAsync(HttpContext context) => context.Request.Path.Value switch
        {
            "/api/v1/namespaces/spaces/pods/web" or "/api/v1/namespaces/spaces/pods/web/log" when Gone => StatusAsync(context, 404, "NotFound", "pods web not found"),
            "/api/v1/namespaces/spaces/pods/web" => JsonAsync(context, Pod()),
            "/api/v1/namespaces/spaces/pods/web/log" => LogAsync(context),
            _ => ScriptedClusterTests.OtherwiseAsync(context),
        };

        private string Pod() => string.Create(CultureInfo.InvariantCulture, $$$"""
            {"metadata":{"name":"web","namespace":"spaces","uid":"1"},"spec":{"containers":[{"name":"main"}]},"status":{"phase":"{{{_phase}}}",
             "containerStatuses":[{{{(Started ? $$"""{"name":"main","restartCount":{{Restarts}},"state":{ {{_state}} } }""" : "")}}}]} }
            """);

        private async Task LogAsync(HttpContext context)
        {
            var query = HttpUtility.ParseQueryString(context.Request.QueryString.Value!);
            var previous = query["previous"] is not null;
            if (previous && Restarts == 0)
            {
                await StatusAsync(context, 400, "BadRequest", "previous terminated container not found");
                return;
            }

            var follow = query["follow"] is not null;
            var since = query["sinceTime"] is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture) : DateTimeOffset.MinValue;
            var source = previous ? _previous : _current;
            var breaks = _breaks;
            var sent = 0;
            for (var next = 0; ;)
            {
                List<(DateTimeOffset Time, string Text)> lines;
                lock (_lock)
                {
                    lines = [.. source.Skip(next)];
                }

                next += lines.Count;
                foreach (var (time, line) in lines.Where(line => line.Time >= since))
                {
                    await SendAsync(context, string.Create(CultureInfo.InvariantCulture, $"{time.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fffffff}00Z {line}\n"));
                    if (++sent >= LinesBeforeBreak)
                    {
                        Break(context);
                        return;
                    }
                }

                if (!follow || !_state.Contains("running", StringComparison.Ordinal))
                {
                    return;
                }

                if (breaks != _breaks && lines.Count == 0)
                {
                    Break(context);
                    return;
                }

                await Task.Delay(5, context.RequestAborted);
            }
        }

        private void Break(HttpContext context)
        {
            OnBreak?.Invoke();
            if (!BreaksPolitely)
            {
                context.Abort();
            }
        }
    }
}
