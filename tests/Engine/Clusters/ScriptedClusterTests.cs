using System.Collections.Concurrent;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Caches;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.Engine.Support;
using static Runner.Tests.Engine.Support.ScriptedApi;

namespace Runner.Tests.Engine.Clusters;

/// <summary>Moments of an API server that cannot be brought about at will.</summary>
public sealed class ScriptedClusterTests
{
    [Fact]
    public async Task A_list_whose_pages_expire_in_between_is_read_again_all_at_once()
    {
        await using var api = await StartAsync();
        api.Answer = context => Lists(context) switch
        {
            ("pods", "limit=500") => JsonAsync(context, List("5", "next", Pod("a", 1))),
            ("pods", "limit=500&continue=next") => StatusAsync(context, 410, "Expired", "The provided continue parameter is too old"),
            ("pods", "") => JsonAsync(context, List("9", null, Pod("b", 2), Pod("c", 3))),
            _ => OtherwiseAsync(context),
        };
        await using var engine = new RunningEngine([api.Endpoint]);

        await Eventually.TrueAsync(() => engine.Cluster.State.Pods.Health == CacheHealth.Synced, "pods are listed");

        Assert.Equal(["b", "c"], engine.Cluster.State.Pods.All().Select(pod => pod.Metadata.Name).Order());
        await Eventually.TrueAsync(() => api.Requests.Any(request => request.Contains("/pods?watch=1", StringComparison.Ordinal) && request.Contains("resourceVersion=9&", StringComparison.Ordinal)), "the watch goes on from the list");
    }

    [Fact]
    public async Task A_watch_that_is_refused_while_the_others_list_holds_nothing_up_once_it_is_open()
    {
        await using var api = await StartAsync();
        var refusing = true;
        var refused = new TaskCompletionSource();
        api.Answer = async context =>
        {
            switch (Lists(context))
            {
                case ("services", var query) when query.Contains("resourceVersion", StringComparison.Ordinal) && refusing:
                    await StatusAsync(context, 503, "ServiceUnavailable", "apiserver is shutting down");
                    break;
                case ("services", var query) when query.Contains("resourceVersion", StringComparison.Ordinal):
                    await SendAsync(context, "\n");
                    await HangAsync(context);
                    break;
                case ("pods", "limit=500"):
                    await refused.Task;
                    await JsonAsync(context, List("5", null));
                    break;
                default:
                    await OtherwiseAsync(context);
                    break;
            }
        };
        await using var engine = new RunningEngine([api.Endpoint]);
        var state = engine.Cluster.State;
        await Eventually.TrueAsync(() => state.Services.Services.Health == CacheHealth.Interrupted, "the watch of services is refused");
        refused.SetResult();
        await Eventually.TrueAsync(() => state.Pods.Health == CacheHealth.Synced, "pods are listed meanwhile");
        refusing = false;

        await Eventually.TrueAsync(() => state.Synced && state.Services.Services.Health == CacheHealth.Synced, "everything is known as soon as the watch is open");
    }

    [Fact]
    public async Task A_watch_that_goes_silent_is_given_up_and_the_list_read_again()
    {
        await using var api = await StartAsync();
        var lists = 0;
        api.Answer = context => Lists(context) switch
        {
            ("pods", "limit=500") => JsonAsync(context, ++lists == 1 ? List("5", null, Pod("old", 1)) : List("9", null, Pod("new", 2))),
            _ => OtherwiseAsync(context),
        };
        await using var engine = new RunningEngine([api.Endpoint], settings: RunningEngine.Quick with { WatchSilence = TimeSpan.FromMilliseconds(300) });

        await Eventually.TrueAsync(() => engine.Cluster.State.Pods.All() is [{ Metadata.Name: "new" }], "the change that the watch kept to itself is seen");
    }

    [Fact]
    public async Task A_watch_whose_versions_go_back_is_of_another_cluster_and_is_not_believed()
    {
        await using var api = await StartAsync();
        var lists = 0;
        api.Answer = context => Lists(context) switch
        {
            ("pods", "limit=500") => JsonAsync(context, ++lists == 1 ? List("5000", null, Pod("old", 4999)) : List("9", null, Pod("new", 2))),
            ("pods", var query) when query.Contains("resourceVersion=5000", StringComparison.Ordinal) =>
                StreamAsync(context, """{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"8"}}}"""),
            _ => OtherwiseAsync(context),
        };
        await using var engine = new RunningEngine([api.Endpoint]);

        await Eventually.TrueAsync(() => engine.Cluster.State.Pods.All() is [{ Metadata.Name: "new" }], "the other cluster's pods are seen");
    }

    [Fact]
    public async Task Who_may_not_see_the_pods_of_all_namespaces_sees_those_of_the_workload_namespace()
    {
        await using var api = await StartAsync();
        api.Answer = context => (context.Request.Path.Value, Lists(context).Query) switch
        {
            ("/api/v1/pods", _) => StatusAsync(context, 403, "Forbidden", "pods is forbidden at the cluster scope"),
            ("/api/v1/namespaces/spaces/pods", "limit=500") => JsonAsync(context, List("9", null, Pod("mine", 1))),
            _ => OtherwiseAsync(context),
        };
        await using var engine = new RunningEngine([api.Endpoint]);

        await Eventually.TrueAsync(() => engine.Cluster.State.Pods.All() is [{ Metadata.Name: "mine" }] && engine.Cluster.State.Synced, "the pods that may be seen are seen");
        await Eventually.TrueAsync(() => api.Requests.Any(request => request.StartsWith("/api/v1/namespaces/spaces/pods?watch=1", StringComparison.Ordinal)), "and watched");
    }

    [Fact]
    public async Task What_may_be_listed_and_not_watched_is_listed_again_and_watched_where_it_may_be()
    {
        await using var api = await StartAsync();
        var (granted, appeared, lists) = (false, false, 0);
        api.Answer = context => (context.Request.Path.Value, context.Request.Query.ContainsKey("watch")) switch
        {
            ("/api/v1/pods" or "/api/v1/nodes", true) when !granted => StatusAsync(context, 403, "Forbidden", "cannot watch at the cluster scope"),
            ("/api/v1/pods", false) => JsonAsync(context, appeared ? List("7", null, Pod("mine", 1), Pod("others", 2), Pod("new", 7)) : List("5", null, Pod("mine", 1), Pod("others", 2))),
            ("/api/v1/namespaces/spaces/pods", true) when context.Request.Query["resourceVersion"] == "5" => StreamAsync(context, $$"""{"type":"ADDED","object":{{Pod("new", 7)}}}"""),
            ("/api/v1/nodes", false) => JsonAsync(context, Interlocked.Increment(ref lists) == 1 ? List("5", null, Pod("a", 1)) : List("8", null, Pod("a", 1), Pod("b", 8))),
            _ => OtherwiseAsync(context),
        };
        await using var engine = new RunningEngine([api.Endpoint], settings: RunningEngine.Quick with { Poll = TimeSpan.FromMilliseconds(500) });
        var state = engine.Cluster.State;

        await Eventually.TrueAsync(() => state.Pods.All().Count == 3, "the change in the namespace that may be watched is seen");
        appeared = true;
        await Eventually.TrueAsync(() => state.Nodes.All().Count == 2, "the change of what may not be watched at all is seen by the next list");
        Assert.True(state.Pods.SeesAll && state.Synced);
        Assert.Equal(CacheHealth.Synced, state.Nodes.Health);
        Assert.Contains("Grant it watch on nodes", state.Nodes.Status.Problem, StringComparison.Ordinal);
        Assert.Contains("Grant it watch on pods", state.Pods.Status.Problem, StringComparison.Ordinal);

        granted = true;

        await Eventually.TrueAsync(() => state.Caches.All(cache => cache is { Health: CacheHealth.Synced, Problem.Length: 0 }), "it heals");
    }

    [Fact]
    public async Task What_is_forbidden_or_missing_says_what_to_do_spares_the_rest_and_heals_by_itself()
    {
        await using var api = await StartAsync();
        var installed = false;
        api.Answer = context => Lists(context) switch
        {
            ("services", "limit=500") when !installed => StatusAsync(context, 404, "NotFound", "the server could not find the requested resource"),
            ("events", "limit=500") when !installed => StatusAsync(context, 403, "Forbidden", "events is forbidden"),
            _ => OtherwiseAsync(context),
        };
        await using var engine = new RunningEngine([api.Endpoint]);
        var state = engine.Cluster.State;

        await Eventually.TrueAsync(() => state.Services.Services.Health == CacheHealth.Unavailable && state.EventsIn("spaces").Health == CacheHealth.Unavailable && state.Pods.Health == CacheHealth.Synced, "each kind tells how it stands");
        Assert.Equal(ClusterHealth.Connected, engine.Cluster.Status.Health);
        Assert.Contains("services.serving.knative.dev", state.Services.Services.Status.Problem, StringComparison.Ordinal);
        Assert.Contains("Grant it list and watch on events", state.EventsIn("spaces").Status.Problem, StringComparison.Ordinal);
        Assert.False(state.Synced);

        installed = true;

        await Eventually.TrueAsync(() => state.Synced && state.Caches.All(cache => cache is { Health: CacheHealth.Synced, Problem.Length: 0 }), "it heals");
    }

    [Fact]
    public async Task Answers_that_are_no_lists_are_a_problem_that_is_told_and_nothing_ends()
    {
        await using var api = await StartAsync();
        var answers = new ConcurrentQueue<string>(["", "null", "[]", "{", "{\"items\":[1]}", "{\"items\":[{}]}", "<html>", "{\"items\":{}}"]);
        api.Answer = context => Lists(context) switch
        {
            ("pods", "limit=500") => JsonAsync(context, answers.TryDequeue(out var answer) ? answer : List("9", null, Pod("b", 2))),
            _ => OtherwiseAsync(context),
        };
        await using var engine = new RunningEngine([api.Endpoint]);

        // What it holds is seen before the whole list is said to be sound.
        await Eventually.TrueAsync(() => engine.Cluster.State.Pods is { Status.Problem.Length: 0, Health: CacheHealth.Synced } pods && pods.All().Count == 1 && answers.IsEmpty, "a sound list is believed after eight others");
    }

    [Fact]
    public async Task While_the_cluster_refuses_the_credentials_it_is_dead_and_says_so()
    {
        await using var api = await StartAsync();
        api.Refuses = true;
        await using var engine = new RunningEngine([api.Endpoint]);

        await Eventually.TrueAsync(() => engine.Cluster.Status.Health == ClusterHealth.Unreachable, "it is dead");
        Assert.Contains("credentials", engine.Cluster.Status.Problem, StringComparison.Ordinal);
        Assert.Null(engine.Cluster.Status.ClusterId);
        var unknown = Assert.Throws<UnknownClusterException>(() => engine.Clusters.Resolve("the-cluster"));
        Assert.Contains("scripted", unknown.Message, StringComparison.Ordinal);

        api.Refuses = false;

        await Eventually.TrueAsync(() => engine.Cluster.Status is { Health: ClusterHealth.Connected, ClusterId: "the-cluster", Version: "v1.36.2", Problem.Length: 0 }, "it is joined");
        Assert.Same(engine.Cluster, engine.Clusters.Resolve("the-cluster"));
        Assert.NotNull(engine.Cluster.LastContact);
    }

    /// <summary>Everything that a test does not care for: empty lists, and watches in which nothing happens.</summary>
    internal static Task OtherwiseAsync(HttpContext context) =>
        context.Request.Query.ContainsKey("watch") ? StreamAsync(context) : JsonAsync(context, List("1", null));

    /// <summary>Sends these lines of a watch, then nothing more.</summary>
    private static async Task StreamAsync(HttpContext context, params string[] lines)
    {
        await SendAsync(context, string.Concat(lines.Select(line => line + "\n")));
        await HangAsync(context);
    }

    private static (string Resource, string Query) Lists(HttpContext context) =>
        (context.Request.Path.Value!.Split('/')[^1], context.Request.QueryString.Value!.TrimStart('?'));

    private static string List(string version, string? next, params string[] items) =>
        $$"""{"metadata":{"resourceVersion":"{{version}}"{{(next is null ? "" : $",\"continue\":\"{next}\"")}}},"items":[{{string.Join(',', items)}}]}""";

    private static string Pod(string name, int version) =>
        string.Create(CultureInfo.InvariantCulture, $$"""{"metadata":{"name":"{{name}}","namespace":"spaces","uid":"{{name}}","resourceVersion":"{{version}}"} }""");
}
