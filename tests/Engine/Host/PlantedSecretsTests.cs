using System.Globalization;
using System.Net;
using System.Reflection;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Components;
using Runner.EmbeddedCluster;
using Runner.Tests.Engine.Support;
using Runner.Web;

namespace Runner.Tests.Engine.Host;

/// <summary>Secrets of every kind are given to the program, every kind of workload is asked for, and then everything it said is searched for them.</summary>
public sealed class PlantedSecretsTests
{
    private const string HubToken = "planted-hub-token-1a2b";
    private const string Password = "planted-admin-password-3c4d";
    private const string ObjectStoreKey = "planted-s3-secret-5e6f";
    private const string ObjectStoreId = "planted-s3-id-7a8b";
    private const string Environment = "planted-environment-9c0d";
    private const string GitToken = "planted-git-token-1e2f";
    private const string DataToken = "planted-dataflow-token-3a4b";

    private static readonly string[] Secrets = [HubToken, Password, ObjectStoreKey, ObjectStoreId, Environment, GitToken, DataToken];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_secret_reaches_a_log_an_error_an_event_a_manifest_or_a_page()
    {
        using var folder = new TemporaryFolder();
        await using var cluster = await EmbeddedClusterHost.StartAsync(new EmbeddedClusterOptions { TimeScale = 0.05 }, Cancel);
        await using var hub = await RecordingHub.StartAsync();
        await File.WriteAllTextAsync(folder.File("kubeconfig"), cluster.Kubeconfig(), Cancel);
        await using var program = new RunnerProcess(
            "-l trace",
            ("RUNNER_DATA_DIR", folder.File("data")),
            ("KUBECONFIG", folder.File("kubeconfig")),
            ("RUNNER_ADMIN_PASSWORD", Password),
            ("STARHUB_SERVER_API_TOKEN", HubToken),
            ("STARHUB_SERVER_RUNNER_WEBHOOK_ENDPOINT", hub.Address.ToString()),
            ("STARHUB_SERVER_RUNNER_STORAGE_CLASS", "embedded-nfs"),
            ("STARHUB_SERVER_S3_ACCESS_KEY_ID", ObjectStoreId),
            ("STARHUB_SERVER_S3_ACCESS_KEY_SECRET", ObjectStoreKey));
        await program.HealthyAsync();
        var said = new StringBuilder();
        using var client = new HttpClient { BaseAddress = new Uri(program.Address, "/api/v1/") };
        client.DefaultRequestHeaders.Authorization = new("Bearer", HubToken);

        await CallAsync(HttpMethod.Post, "service/planted-service/run", Sample("run-inference", "env.ACCESS_TOKEN", Environment));
        await CallAsync(HttpMethod.Post, "service/planted-hosts/run", Sample("run-multihost", "env.ACCESS_TOKEN", Environment));
        await CallAsync(HttpMethod.Post, "workflows", Sample("workflow-evaluation", "templates.0.env.ACCESS_TOKEN", Environment));
        await CallAsync(HttpMethod.Post, "dataflow/jobs", Sample("dataflow-job", "access_token", DataToken));
        await CallAsync(HttpMethod.Post, "imagebuilder/builder", Sample("image-build", "git_access_token", GitToken));
        await CallAsync(HttpMethod.Post, "sandboxes", Sample("sandbox", "env_vars.API_KEY", Environment));

        // What is wrong with a request is told without what is secret in it.
        await CallAsync(HttpMethod.Post, "service/planted-wrong/run", Sample("run-inference", "env.port", Environment), HttpStatusCode.BadRequest);
        await CallAsync(HttpMethod.Post, "workflows", Sample("workflow-evaluation", "templates", Environment), HttpStatusCode.BadRequest);
        await CallAsync(HttpMethod.Post, "imagebuilder/builder", Sample("image-build", "repo_id", GitToken), HttpStatusCode.BadRequest);

        await Eventually.TrueAsync(() => hub.Taken.Any(e => e.Service == "planted-service" && e.Status == 23), "the service runs", 60);
        foreach (var phase in new[] { "runner.evaluation.change", "runner.dataflow.change", "runner.builder.change" })
        {
            await Eventually.TrueAsync(() => hub.Taken.Any(e => e.Type == phase && e.Body.Contains("Succeeded", StringComparison.Ordinal)), $"{phase} tells of success", 60);
        }

        await CallAsync(HttpMethod.Get, "service/planted-service/status", new JsonObject());
        await CallAsync(HttpMethod.Get, "workflows?username=wanghh&page=1&per=50", new JsonObject());
        await CallAsync(HttpMethod.Get, "sandboxes?cluster_id=&sandbox_name=sbx-agent-41", new JsonObject());
        using var browser = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = program.Address };
        using var signedIn = await RunnerHost.SignInAsync(browser, "admin", Password, "/sign-in");
        foreach (var page in Pages())
        {
            said.AppendLine(await browser.GetStringAsync(new Uri(page, UriKind.Relative), Cancel));
        }

        foreach (var page in new[] { "/openapi/runner.json", "/readyz", "/api/console/audit" })
        {
            said.AppendLine(await browser.GetStringAsync(new Uri(page, UriKind.Relative), Cancel));
        }

        said.AppendLine(await client.GetStringAsync(new Uri(program.Address, "/metrics"), Cancel));
        said.AppendLine(cluster.Store.List("", "secrets").Count(stored => Secrets.Any(secret => HasValue(stored.Json, secret))).ToString(CultureInfo.InvariantCulture) + " Secrets hold what was given");

        program.Terminate();
        await program.EndAsync();

        Assert.Contains("planted-service", said.ToString(), StringComparison.Ordinal);
        Search("what was answered and shown", said.ToString());
        Search("the program's log", program.Output);
        Assert.DoesNotContain("\n0 Secrets hold", said.ToString(), StringComparison.Ordinal);
        Search("events", string.Join('\n', hub.Taken.Select(e => e.Body)));
        foreach (var type in cluster.Store.Catalog.All.Where(type => type.Plural != "secrets"))
        {
            foreach (var stored in cluster.Store.List(type.Group, type.Plural))
            {
                Search($"{type.Plural}.{type.Group} {stored.Key.Name}", stored.Json.ToJsonString());
            }
        }

        foreach (var file in Directory.EnumerateFiles(folder.File("data"), "*", SearchOption.AllDirectories))
        {
            Search(file, Encoding.Latin1.GetString(await File.ReadAllBytesAsync(file, Cancel)));
        }

        async Task CallAsync(HttpMethod method, string path, JsonObject body, HttpStatusCode expected = HttpStatusCode.OK)
        {
            using var request = new HttpRequestMessage(method, path) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
            using var answer = await client.SendAsync(request, Cancel);
            var text = await answer.Content.ReadAsStringAsync(Cancel);
            said.AppendLine(text);
            Assert.True(answer.StatusCode == expected, $"{method} {path}: {(int)answer.StatusCode} {text}");
        }
    }

    /// <summary>Every page that the program has, and the pages of every workload with each of its sections.</summary>
    private static IEnumerable<string> Pages()
    {
        var whole = typeof(RunnerApp).Assembly.GetTypes().SelectMany(type => type.GetCustomAttributes<RouteAttribute>()).Select(route => route.Template)
            .Where(template => !template.Contains('{', StringComparison.Ordinal) && template != "/not-found");
        var workloads =
            from workload in (string[])["service/spaces/planted-service", "service/spaces/planted-hosts", "workflow/spaces/eval-wanghh-8f3c2a", "dataflow/spaces/df-job-5c1e9",
                "imagebuild/spaces/sib-acme-sketch-d-4712-9002", "sandbox/spaces/sbx-agent-41"]
            from section in (string[])["", "?section=manifest", "?section=events", "?section=instances", "?section=revisions", "?section=logs"]
            select $"/workloads/kubeconfig:embedded/{workload}{section}";
        return whole.Concat(workloads);
    }

    private static bool HasValue(JsonNode secret, string value) =>
        secret["data"] is JsonObject data && data.Any(entry => Encoding.UTF8.GetString(Convert.FromBase64String(entry.Value!.GetValue<string>())).Contains(value, StringComparison.Ordinal));

    private static void Search(string where, string text)
    {
        foreach (var secret in Secrets)
        {
            var at = text.IndexOf(secret, StringComparison.Ordinal);
            Assert.True(at < 0, $"{secret} is in {where}: …{text[Math.Max(0, at - 200)..Math.Min(text.Length, Math.Max(0, at) + 60)]}");
        }
    }

    /// <summary>A sample with one value changed.</summary>
    /// <param name="path">Names and positions with dots between them.</param>
    private static JsonObject Sample(string name, string path, string value)
    {
        var sample = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "samples", name + ".json")))!.AsObject();
        var steps = path.Split('.');
        JsonNode place = sample;
        foreach (var step in steps[..^1])
        {
            place = int.TryParse(step, out var index) ? place[index]! : place[step]!;
        }

        place[steps[^1]] = value;
        return sample;
    }
}
