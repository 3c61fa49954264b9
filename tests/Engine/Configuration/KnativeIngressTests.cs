using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Api;
using Runner.Engine.Clusters.Connections;
using Runner.Engine.Configuration;
using Runner.Engine.Workloads;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Configuration;

/// <summary>Where the ingress of Knative is, by what a cluster has.</summary>
public sealed class KnativeIngressTests
{
    private const string GatewayPath = "/apis/gateway.networking.k8s.io/v1/namespaces/edge/gateways/public";
    private const string Class = "kourier.ingress.networking.knative.dev";
    private const string Configured = """{"metadata":{"name":"config-gateway"},"data":{"external-gateways":"- class: eg\n  gateway: edge/public\n  service: edge/envoy\n  supported-features:\n  - HTTPRouteRequestTimeout\n"}}""";

    [Theory]
    [InlineData("http://192.0.2.1", "kourier 192.0.2.1")]
    [InlineData("http://192.0.2.2", "gateway 192.0.2.2", "envoy 192.0.2.3")]
    [InlineData("http://edge.example.com", "gateway edge.example.com")]
    [InlineData("http://192.0.2.3", "gateway ", "envoy 192.0.2.3")]
    [InlineData("http://192.0.2.4", "named 192.0.2.4")]
    [InlineData("http://192.0.2.1", "kourier 192.0.2.1", "gateway 192.0.2.2")]
    [InlineData("http://192.0.2.2", "kourier 192.0.2.1", "gateway 192.0.2.2", "class gateway-api.ingress.networking.knative.dev")]
    [InlineData("http://[2001:db8::1]", "kourier 2001:db8::1")]
    [InlineData("http://192.0.2.1", "kourier 192.0.2.1", "forbidden configmaps")]
    [InlineData("")]
    public async Task The_ingress_is_Kouriers_Service_or_the_Gateway_that_Knative_names(string address, params string[] has)
    {
        await using var api = await ScriptedApi.StartAsync();
        var objects = has.Select(entry => entry.Split(' ', 2)).ToDictionary(parts => parts[0], parts => parts[1]);
        api.Answer = context => (context.Request.Path.Value, objects) switch
        {
            ({ } path, _) when objects.TryGetValue("forbidden", out var kind) && path.Contains(kind, StringComparison.Ordinal) => ScriptedApi.StatusAsync(context, 403, "Forbidden", "not for you"),
            ("/api/v1/namespaces/knative-serving/services/kourier", _) when objects.TryGetValue("kourier", out var host) => ScriptedApi.JsonAsync(context, Service(host)),
            ("/api/v1/namespaces/knative-serving/configmaps/config-network", _) when objects.TryGetValue("class", out var name) =>
                ScriptedApi.JsonAsync(context, "{\"metadata\":{\"name\":\"config-network\"},\"data\":{\"ingress-class\":\"" + name + "\"}}"),
            ("/api/v1/namespaces/knative-serving/configmaps/config-gateway", _) => ScriptedApi.JsonAsync(context, Configured),
            (GatewayPath, _) when objects.TryGetValue("gateway", out var host) =>
                ScriptedApi.JsonAsync(context, Gateway(host)),
            ("/api/v1/services", _) => ScriptedApi.JsonAsync(context, $$"""{"metadata":{"resourceVersion":"1"},"items":[{{(objects.TryGetValue("envoy", out var host) ? Service(host) : "")}}]}"""),
            ("/api/v1/namespaces/edge/services/envoy", _) when objects.TryGetValue("named", out var host) => ScriptedApi.JsonAsync(context, Service(host)),
            _ => ScriptedApi.StatusAsync(context, 404, "NotFound", "nothing here"),
        };
        var clusters = new ClusterDirectory([api.Endpoint], new RunnerOptions(), new WorkloadFeed(), [], TimeProvider.System, NullLoggerFactory.Instance);

        Assert.Equal(address, await new KnativeIngress(clusters.Connections[0], TimeProvider.System).FindAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Where_nothing_was_found_because_it_may_not_be_seen_that_is_said()
    {
        await using var api = await ScriptedApi.StartAsync();
        api.Answer = context => ScriptedApi.StatusAsync(context, 403, "Forbidden", "services is forbidden");
        var clusters = new ClusterDirectory([api.Endpoint], new RunnerOptions(), new WorkloadFeed(), [], TimeProvider.System, NullLoggerFactory.Instance);
        var refusal = await Assert.ThrowsAsync<ApiStatusException>(() => new KnativeIngress(clusters.Connections[0], TimeProvider.System).FindAsync(TestContext.Current.CancellationToken));
        Assert.Contains("forbidden", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_found_out_does_not_send_the_watch_looking_again_before_its_time()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        await using var api = await ScriptedApi.StartAsync();
        var looks = 0;
        api.Answer = context => ScriptedApi.StatusAsync(
            context, 403, "Forbidden", $"not for you, look {(context.Request.Path.Value!.EndsWith("config-network", StringComparison.Ordinal) ? Interlocked.Increment(ref looks) : looks)}");
        var clusters = new ClusterDirectory([api.Endpoint], new RunnerOptions(), new WorkloadFeed(), [], TimeProvider.System, NullLoggerFactory.Instance);
        var settings = new LiveSettings(new RunnerOptions { ApplicationEndpoint = LiveSettings.Auto }, api.Endpoint.Name);
        var interval = TimeSpan.FromMinutes(7);
        var time = new CountedPauses(interval);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var connection = clusters.Connections[0].RunAsync(stop.Token);
        var watch = new IngressWatch(clusters.Connections[0], settings, interval, time, NullLogger.Instance).RunAsync(stop.Token);
        for (var look = 1; look <= 5; look++)
        {
            await Eventually.TrueAsync(() => time.Pauses >= look, $"pause {look}");
            Assert.Equal(look, looks);
            Assert.Contains($"look {look}", Assert.Single(settings.Problems).Problem.English, StringComparison.Ordinal);
            time.Advance(interval);
        }

        // Told otherwise and then so again, it looks at once.
        settings.SetConfigMap(api.Endpoint.Name, ConfigMapValues.None with { ApplicationEndpoint = "http://192.0.2.1" });
        await Eventually.TrueAsync(() => settings.Problems.Count == 0, "nothing to look for");
        var before = looks;
        settings.SetConfigMap(api.Endpoint.Name, ConfigMapValues.None);
        await Eventually.TrueAsync(() => looks > before, "a look");

        await stop.CancelAsync();
        await Task.WhenAll(connection, watch);
    }

    private static string Gateway(string host) =>
        """{"metadata":{"name":"public"},"status":{"addresses":[ADDRESS]}}""".Replace("ADDRESS", host.Length == 0 ? "" : """{"type":"IPAddress","value":"HOST"}""".Replace("HOST", host, StringComparison.Ordinal), StringComparison.Ordinal);

    [Theory]
    [InlineData("app.internal", Class, "app.internal=", "ingress-class=" + Class)]
    [InlineData("app.internal", Class, "app.internal=", "ingress.class=" + Class)]
    [InlineData("app.internal", "istio.ingress.networking.knative.dev", "app.internal=")]
    [InlineData("b.example.com", Class, "a.example.com=selector: {app: x}", "b.example.com=", "_example=", "ingress-class=" + Class)]
    [InlineData(null, null, "svc.cluster.local=", "ingress-class=" + Class)]
    [InlineData(null, null, "a.example.com=selector: {app: x}")]
    [InlineData(null, null)]
    public void Workloads_have_hosts_under_the_domain_that_holds_for_all(string? domain, string? ingressClass, params string[] data)
    {
        var entries = data.Select(entry => entry.Split('=', 2)).ToLookup(parts => parts[0].StartsWith("ingress", StringComparison.Ordinal));

        var routing = KnativeRouting.Read(entries[true].ToDictionary(parts => parts[0], parts => parts[1]), entries[false].ToDictionary(parts => parts[0], parts => parts[1]));

        Assert.Equal((domain, ingressClass), (routing?.Domain, routing?.IngressClass));
    }

    private static string Service(string host) =>
        """{"metadata":{"name":"a"},"spec":{"clusterIP":"10.43.0.1"},"status":{"loadBalancer":{"ingress":[{"ip":"HOST"}]}}}""".Replace("HOST", host, StringComparison.Ordinal);

    /// <summary>Time that goes on when it is told to, and how often somebody began to wait for so long.</summary>
    private sealed class CountedPauses(TimeSpan pause) : FakeTimeProvider
    {
        private int _pauses;

        public int Pauses => Volatile.Read(ref _pauses);

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            Interlocked.Add(ref _pauses, dueTime == pause ? 1 : 0);
            return timer;
        }
    }
}
