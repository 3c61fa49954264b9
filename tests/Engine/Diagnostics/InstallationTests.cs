using Runner.Engine.Clusters;
using Runner.Engine.Diagnostics.Dependencies;
using Runner.Engine.Diagnostics.Installation;
using Runner.Tests.Engine.Support;
using Microsoft.Extensions.Logging.Abstractions;
using Runner.EmbeddedCluster.Storage;
using Runner.Engine.Configuration;

namespace Runner.Tests.Engine.Diagnostics;

/// <summary>Bundles of manifests against a real API, and what is seen of dependencies because of them.</summary>
public sealed class InstallationTests
{
    private const string Bundle = """
        apiVersion: widgets.example.com/v1
        kind: Widget
        metadata: {name: first, namespace: tools}
        spec: {size: 3}
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata: {name: envoy-gateway, namespace: tools, labels: {app.kubernetes.io/version: v1.5.0}}
        spec:
          selector: {matchLabels: {app: gateway}}
          template:
            metadata: {labels: {app: gateway}}
            spec: {containers: [{name: gateway, image: "envoyproxy/gateway:v1.5.0"}]}
        ---
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata: {name: widgets.widgets.example.com}
        spec:
          group: widgets.example.com
          scope: Namespaced
          names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
          versions:
          - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
        ---
        apiVersion: v1
        kind: Namespace
        metadata: {name: tools}
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_bundle_is_tried_without_a_trace_then_installed_in_an_order_that_works_and_told_of_when_repeated()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await engine.Cluster.WaitUntilConnectedAsync(Cancel);

        var dry = await RunAsync(engine, Bundle, InstallMode.Create, dryRun: true);

        Assert.Equal(["Namespace", "CustomResourceDefinition", "Deployment", "Widget"], dry.Select(step => step.Object.Kind));
        Assert.Equal([InstallOutcome.Created, InstallOutcome.Created, InstallOutcome.Later, InstallOutcome.Later], dry.Select(step => step.Outcome));
        Assert.Null(cluster.Store.Get(new ObjectKey("", "namespaces", "", "tools")));

        var installed = await RunAsync(engine, Bundle, InstallMode.Create, dryRun: false);

        Assert.All(installed, step => Assert.True(step.Outcome == InstallOutcome.Created, $"{step.Object}: {step.Outcome} {step.Reason}"));
        Assert.NotNull(cluster.Store.Get(new ObjectKey("widgets.example.com", "widgets", "tools", "first")));
        Assert.All(await RunAsync(engine, Bundle, InstallMode.Create, dryRun: true), step => Assert.Equal(InstallOutcome.Unchanged, step.Outcome));
    }

    [Theory]
    [InlineData(InstallMode.Create, InstallOutcome.Unchanged, "3")]
    [InlineData(InstallMode.Update, InstallOutcome.Changed, "4")]
    [InlineData(InstallMode.Replace, InstallOutcome.Changed, "4")]
    public async Task What_exists_is_left_applied_to_or_replaced_as_the_mode_says(InstallMode mode, InstallOutcome expected, string size)
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await engine.Cluster.WaitUntilConnectedAsync(Cancel);
        await RunAsync(engine, Bundle, InstallMode.Create, dryRun: false);
        var changed = Bundle.Replace("size: 3", "size: 4", StringComparison.Ordinal);

        var dry = await RunAsync(engine, changed, mode, dryRun: true);
        var done = await RunAsync(engine, changed, mode, dryRun: false);

        Assert.Equal(expected, dry.Single(step => step.Object.Kind == "Widget").Outcome);
        Assert.Equal(expected, done.Single(step => step.Object.Kind == "Widget").Outcome);
        Assert.Equal(size, cluster.Store.Get(new ObjectKey("widgets.example.com", "widgets", "tools", "first"))!.Json["spec"]!["size"]!.ToString());
    }

    [Fact]
    public async Task What_is_refused_is_told_with_the_reason_and_keeps_nothing_else_from_being_tried()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        await engine.Cluster.WaitUntilConnectedAsync(Cancel);
        const string Broken = """
            {apiVersion: v1, kind: ConfigMap, metadata: {name: NOT-A-NAME, namespace: spaces}}
            ---
            {apiVersion: nowhere.example.com/v1, kind: Ghost, metadata: {name: ghost}}
            ---
            {apiVersion: v1, kind: ConfigMap, metadata: {name: good, namespace: spaces}, data: {mode: "0644"}}
            """;

        var steps = await RunAsync(engine, Broken, InstallMode.Update, dryRun: true);

        Assert.Equal([InstallOutcome.Refused, InstallOutcome.Created, InstallOutcome.Refused], steps.Select(step => step.Outcome));
        Assert.Contains("NOT-A-NAME", steps[0].Reason, StringComparison.Ordinal);
        Assert.Contains("does not know Ghost", steps[2].Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "no object")]
    [InlineData("a: [", "not valid YAML at line 2")]
    [InlineData("kind: Pod", "apiVersion, kind and metadata.name")]
    [InlineData("{apiVersion: v1, kind: Pod, metadata: {name: a}}\n---\n{apiVersion: v1, kind: Pod, metadata: {name: a}}", "twice")]
    public void What_is_no_bundle_is_refused_with_the_reason(string text, string reason) =>
        Assert.Contains(reason, Assert.Throws<BundleException>(() => ManifestBundle.Parse(text)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_dependency_is_seen_when_it_appears_and_when_a_part_of_it_goes()
    {
        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine([cluster.Endpoint]);
        var board = new DependencyBoard(engine.Clusters, new RunnerOptions(), RunningEngine.Quick, TimeProvider.System, NullLoggerFactory.Instance);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = board.RunAsync(stop.Token);
        await Eventually.TrueAsync(() => Of(board, "Knative").State == DependencyState.Unseen, "the definitions of Knative are seen", 30);
        Assert.Equal(DependencyState.Missing, Of(board, "Envoy").State);

        await RunAsync(engine, Bundle, InstallMode.Create, dryRun: false);
        await RunAsync(engine, SandboxController, InstallMode.Create, dryRun: false);
        cluster.Delete(new ObjectKey("apiextensions.k8s.io", "customresourcedefinitions", "", "routes.serving.knative.dev"));

        await Eventually.TrueAsync(() => Of(board, "Envoy") is { State: DependencyState.Incomplete, Version: "v1.5.0", Controllers.Count: 1 }, "the gateway's controller is seen", 30);
        await Eventually.TrueAsync(() => Of(board, "AgentSandbox").Controllers.Any(part => part.Name == "tools/agent-sandbox-controller"), "the StatefulSet is seen as well", 30);
        await Eventually.TrueAsync(() => Of(board, "Knative").State == DependencyState.Incomplete, "the lost definition is missed", 30);
        await stop.CancelAsync();
        await running;
    }

    // As its first releases come.
    private const string SandboxController = """
        apiVersion: apps/v1
        kind: StatefulSet
        metadata: {name: agent-sandbox-controller, namespace: tools}
        spec:
          serviceName: agent-sandbox-controller
          replicas: 1
          selector: {matchLabels: {app: agent-sandbox-controller}}
          template:
            metadata: {labels: {app: agent-sandbox-controller}}
            spec: {containers: [{name: agent-sandbox-controller, image: "registry.example.com/agent-sandbox/agent-sandbox-controller:v0.1.0"}]}
        """;

    private static DependencyStatus Of(DependencyBoard board, string id) => board.All.Single(one => one.Id == id);

    private static async Task<List<InstallStep>> RunAsync(RunningEngine engine, string bundle, InstallMode mode, bool dryRun) =>
        await new ManifestInstaller(engine.Cluster, TimeProvider.System).RunAsync(ManifestBundle.Parse(bundle), mode, dryRun, Cancel).Where(step => step.Outcome != InstallOutcome.Running).ToListAsync(Cancel);
}
