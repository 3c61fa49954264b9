using System.Diagnostics;
using Runner.EmbeddedCluster;
using Runner.EmbeddedCluster.Storage;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.EmbeddedCluster;

/// <summary>The real kubectl works with the embedded cluster, without any flag that spares it a check.</summary>
public sealed class KubectlTests
{
    private const string Manifest = """
        apiVersion: v1
        kind: Namespace
        metadata:
          name: try
        ---
        apiVersion: v1
        kind: ConfigMap
        metadata:
          name: settings
          namespace: try
        data:
          a: "1"
        ---
        apiVersion: apps/v1
        kind: Deployment
        metadata:
          name: web
          namespace: try
        spec:
          replicas: 1
          selector: {matchLabels: {app: web}}
          template:
            metadata: {labels: {app: web}}
            spec:
              containers:
              - {name: web, image: "registry.example.com/acme/web:1"}
        ---
        apiVersion: apps/v1
        kind: StatefulSet
        metadata:
          name: db
          namespace: try
        spec:
          replicas: 1
          selector: {matchLabels: {app: db}}
          template:
            metadata: {labels: {app: db}}
            spec:
              containers:
              - {name: db, image: "registry.example.com/acme/db:1", volumeMounts: [{name: data, mountPath: /data}]}
          volumeClaimTemplates:
          - {metadata: {name: data}, spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}}
        """;

    private const string Workflow = """
        apiVersion: argoproj.io/v1alpha1
        kind: Workflow
        metadata:
          name: hello
          namespace: spaces
        spec:
          entrypoint: all
          templates:
          - name: all
            steps:
            - - {name: say, template: say}
          - name: say
            container: {image: "registry.example.com/acme/job:fails"}
        """;

    [Fact]
    public async Task Kubectl_applies_reads_changes_and_deletes_objects()
    {
        await using var host = await StartAsync();
        using var folder = new TemporaryFolder();
        var kubectl = await Kubectl.CreateAsync(host, folder.Path);
        var manifest = Path.Combine(folder.Path, "objects.yaml");
        await File.WriteAllTextAsync(manifest, Manifest, TestContext.Current.CancellationToken);

        Assert.Contains("deployment.apps/web created", await kubectl.RunAsync("apply", "-f", manifest), StringComparison.Ordinal);
        Assert.Contains("configmap/settings unchanged", await kubectl.RunAsync("apply", "-f", manifest), StringComparison.Ordinal);
        Assert.Contains("configmap/settings labeled", await kubectl.RunAsync("label", "-n", "try", "configmap", "settings", "team=a"), StringComparison.Ordinal);
        Assert.Contains("patched", await kubectl.RunAsync("patch", "-n", "try", "configmap", "settings", "-p", "{\"data\":{\"b\":\"2\"}}"), StringComparison.Ordinal);

        var yaml = await kubectl.RunAsync("get", "-n", "try", "configmap", "settings", "-o", "yaml");
        Assert.Contains("team: a", yaml, StringComparison.Ordinal);
        Assert.Contains("b: \"2\"", yaml, StringComparison.Ordinal);

        var wide = await kubectl.RunAsync("get", "-n", "try", "deployments", "-o", "wide");
        Assert.Matches(@"NAME\s+READY\s+UP-TO-DATE\s+AVAILABLE\s+AGE\s+CONTAINERS\s+IMAGES\s+SELECTOR", wide);
        Assert.Contains("registry.example.com/acme/web:1", wide, StringComparison.Ordinal);

        Assert.Contains("Namespace:    try", await kubectl.RunAsync("describe", "-n", "try", "configmap", "settings"), StringComparison.Ordinal);
        Assert.Contains("scaled", await kubectl.RunAsync("scale", "-n", "try", "deployment", "web", "--replicas=3"), StringComparison.Ordinal);
        Assert.Equal("3", await kubectl.RunAsync("get", "-n", "try", "deployment", "web", "-o", "jsonpath={.spec.replicas}"));
        Assert.Contains("deleted", await kubectl.RunAsync("delete", "-n", "try", "configmap", "settings"), StringComparison.Ordinal);
        Assert.Contains("deleted", await kubectl.RunAsync("delete", "namespace", "try"), StringComparison.Ordinal);
        Assert.Null(host.Store.Get(new ObjectKey("", "namespaces", "", "try")));
    }

    [Fact]
    public async Task Kubectl_watches_and_follows_logs_as_they_come()
    {
        await using var host = await StartAsync();
        using var folder = new TemporaryFolder();
        var kubectl = await Kubectl.CreateAsync(host, folder.Path);
        var pod = host.Store.Create(new ObjectKey("", "pods", "default", "talks"), new System.Text.Json.Nodes.JsonObject
        {
            ["spec"] = new System.Text.Json.Nodes.JsonObject
            {
                ["nodeName"] = "node-1",
                ["containers"] = new System.Text.Json.Nodes.JsonArray(new System.Text.Json.Nodes.JsonObject { ["name"] = "main", ["image"] = "registry.example.com/acme/web:1" }),
            },
        });
        host.Logs.StartRun(pod.Uid, "main");
        host.Logs.Append(pod.Uid, "main", TimeProvider.System.GetUtcNow(), "first");

        using var logs = kubectl.Start("logs", "talks", "-f");
        Assert.Equal("first", await logs.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        host.Logs.Append(pod.Uid, "main", TimeProvider.System.GetUtcNow(), "second");
        Assert.Equal("second", await logs.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));
        host.Logs.EndRun(pod.Uid, "main");
        Assert.Null(await logs.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken));

        using var watch = kubectl.Start("get", "configmaps", "-w", "--no-headers");
        Assert.StartsWith("kube-root-ca.crt", await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        host.Store.Create(new ObjectKey("", "configmaps", "default", "new"), []);
        Assert.StartsWith("new", await watch.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        watch.Kill();
    }

    [Fact]
    public async Task Kubectl_tells_what_is_used_while_there_is_a_metrics_server()
    {
        await using var host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        var kubectl = await Kubectl.CreateAsync(host, folder.Path);

        Assert.Matches(@"gpu-a100-1\s+[0-9]+m\s+[0-9]+%\s+[0-9]+Mi\s+[0-9]+%", await kubectl.RunAsync("top", "nodes"));
        await Eventually.TrueAsync(() => host.Store.List("", "pods", "spaces").Any(pod => pod.Json["status"]?["containerStatuses"]?[0]?["state"]?["running"] is not null), "a container runs", 60);
        Assert.Matches(@"\s+[0-9]+m\s+[0-9]+Mi", await kubectl.RunAsync("top", "pods", "-n", "spaces", "--containers"));
        await kubectl.RunAsync("delete", "apiservice", "v1beta1.metrics.k8s.io");
        Assert.DoesNotContain("metrics.k8s.io", await kubectl.RunAsync("api-versions"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Kubectl_submits_a_workflow_sees_it_end_reads_its_log_and_deletes_it_with_its_pods()
    {
        await using var host = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.1 }, TestContext.Current.CancellationToken);
        using var folder = new TemporaryFolder();
        var kubectl = await Kubectl.CreateAsync(host, folder.Path);
        var manifest = Path.Combine(folder.Path, "workflow.yaml");
        await File.WriteAllTextAsync(manifest, Workflow, TestContext.Current.CancellationToken);

        Assert.Contains("workflow.argoproj.io/hello created", await kubectl.RunAsync("create", "-f", manifest), StringComparison.Ordinal);
        await kubectl.RunAsync("wait", "-n", "spaces", "--for=jsonpath={.status.phase}=Failed", "--timeout=60s", "wf/hello");

        var table = await kubectl.RunAsync("get", "-n", "spaces", "wf", "hello");
        Assert.Matches(@"^NAME\s+STATUS\s+AGE\s+MESSAGE\s+hello\s+Failed\s+\d+s\s+child 'hello-\d+' failed\s*$", table);
        var pod = await kubectl.RunAsync("get", "-n", "spaces", "pods", "-l", "workflows.argoproj.io/workflow=hello", "-o", "jsonpath={.items[*].metadata.name}");
        Assert.Matches(@"^hello-say-\d+$", pod);
        Assert.EndsWith("ERROR: the job failed: dataset acme/questions has no split named test\n", await kubectl.RunAsync("logs", "-n", "spaces", pod), StringComparison.Ordinal);
        Assert.Contains("Error (exit code 1)", await kubectl.RunAsync("get", "-n", "spaces", "events", "--field-selector", "involvedObject.name=hello"), StringComparison.Ordinal);
        Assert.Contains("deleted", await kubectl.RunAsync("delete", "-n", "spaces", "workflow", "hello"), StringComparison.Ordinal);
        await Eventually.TrueAsync(() => host.Store.Get(new ObjectKey("", "pods", "spaces", pod)) is null, "the pod of the deleted workflow is gone");
    }

    private static Task<EmbeddedClusterHost> StartAsync() => EmbeddedClusterHost.StartAsync(
        new EmbeddedClusterOptions { Seed = false, Controllers = false, TimeScale = 0.1 }, TestContext.Current.CancellationToken);

    /// <summary>The kubectl of the repository with the kubeconfig of one cluster.</summary>
    private sealed class Kubectl(string kubeconfig)
    {
        public static async Task<Kubectl> CreateAsync(EmbeddedClusterHost host, string folder)
        {
            var file = Path.Combine(folder, "kubeconfig");
            await File.WriteAllTextAsync(file, host.Kubeconfig(), TestContext.Current.CancellationToken);
            return new Kubectl(file);
        }

        public async Task<string> RunAsync(params string[] arguments)
        {
            using var process = Start(arguments);
            var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
            var error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
            Assert.True(process.ExitCode == 0, $"kubectl {string.Join(' ', arguments)}: {error}");
            return await output;
        }

        public Process Start(params string[] arguments)
        {
            var start = new ProcessStartInfo(Path.Combine(Repository.Root, ".tools/bin/kubectl"), arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["KUBECONFIG"] = kubeconfig;
            start.Environment["HOME"] = Path.GetDirectoryName(kubeconfig)!;
            return Process.Start(start)!;
        }
    }
}
