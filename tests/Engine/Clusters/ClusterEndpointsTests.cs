using Runner.Engine.Clusters;
using Runner.Engine.Clusters.Connections;
using Runner.Tests.Engine.Support;

namespace Runner.Tests.Engine.Clusters;

public sealed class ClusterEndpointsTests
{
    private const string Good = """
        apiVersion: v1
        kind: Config
        current-context: prod
        contexts: [{name: prod, context: {cluster: c, user: u} }]
        clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"} }]
        users: [{name: u, user: {token: planted} }]
        """;

    [Fact]
    public void Each_file_in_the_home_folder_is_a_cluster_and_none_means_the_embedded_one()
    {
        using var home = new TemporaryFolder();
        Assert.Empty(Discover(home));
        Directory.CreateDirectory(home.File(".kube"));
        Assert.Empty(Discover(home));

        File.WriteAllText(home.File(".kube/config-b"), "no: [yaml");
        File.WriteAllText(home.File(".kube/config"), Good);
        File.WriteAllText(home.File(".kube/cache"), Good);

        Assert.Equal(["config:prod", "config-b"], Discover(home).Select(endpoint => endpoint.Name));
        Assert.Empty(Discover(home, "embedded"));
        Assert.Equal("in-cluster", Assert.Single(Discover(home, "incluster")).Name);
    }

    [Fact]
    public void The_variable_wins_over_the_home_folder_and_the_own_cluster_over_both()
    {
        using var home = new TemporaryFolder();
        File.WriteAllText(home.File("one"), Good);
        var environment = new Dictionary<string, string> { ["KUBECONFIG"] = $"{home.File("one")}{Path.PathSeparator}{home.File("missing")}" };

        Assert.Equal(["one:prod", "missing"], Discover(home, "", environment).Select(endpoint => endpoint.Name));

        environment["KUBERNETES_SERVICE_HOST"] = "10.0.0.1";
        Assert.Equal(ClusterOrigin.InCluster, Assert.Single(Discover(home, "", environment)).Origin);
        Assert.Equal(2, Discover(home, "kubeconfig", environment).Count);
    }

    [Fact]
    public void Files_of_one_name_in_two_folders_are_two_clusters()
    {
        using var home = new TemporaryFolder();
        string[] paths = [home.File("a/config"), home.File("b/config")];
        foreach (var path in paths)
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, Good);
        }

        var found = Discover(home, "", new() { ["KUBECONFIG"] = string.Join(Path.PathSeparator, paths) });

        Assert.Equal(paths, found.Select(endpoint => endpoint.Name));
    }

    [Fact]
    public void A_choice_that_is_none_is_refused()
    {
        using var home = new TemporaryFolder();

        Assert.Contains("incluster, kubeconfig, embedded", Assert.Throws<ArgumentException>(() => Discover(home, "minikube")).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("no: [yaml")]
    [InlineData("")]
    [InlineData("just words")]
    [InlineData("current-context: gone")]
    [InlineData("apiVersion: v1\ncurrent-context: p\ncontexts: [{name: p, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'not an address'}}]\nusers: [{name: u, user: {token: planted}}]")]
    [InlineData("apiVersion: v1\ncurrent-context: p\ncontexts: [{name: p, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: 'https://h', certificate-authority-data: planted}}]\nusers: [{name: u, user: {client-certificate-data: planted, client-key-data: planted}}]")]
    [InlineData(null)]
    public async Task A_file_that_cannot_be_used_is_a_dead_cluster_with_a_problem_and_lives_once_it_is_put_right(string? content)
    {
        using var home = new TemporaryFolder();
        Directory.CreateDirectory(home.File(".kube"));
        var path = home.File(".kube/config");
        File.WriteAllText(path, content ?? "");
        var endpoints = Discover(home);
        if (content is null)
        {
            File.Delete(path);
        }

        await using var cluster = await TestCluster.StartAsync();
        await using var engine = new RunningEngine(endpoints);
        await Eventually.TrueAsync(() => engine.Cluster.Status.Health == ClusterHealth.Unreachable, "the cluster is dead");

        Assert.Contains("config", engine.Cluster.Status.Problem, StringComparison.Ordinal);
        Assert.DoesNotContain("planted", engine.Cluster.Status.Problem, StringComparison.Ordinal);
        Assert.Throws<ClusterUnreachableException>(() => engine.Cluster.Client);

        File.WriteAllText(path, cluster.Host.Kubeconfig());

        await Eventually.TrueAsync(() => engine.Cluster.Status is { Health: ClusterHealth.Connected, Problem.Length: 0 }, "the cluster is joined");
    }

    private static IReadOnlyList<ClusterEndpoint> Discover(TemporaryFolder home, string choice = "", Dictionary<string, string>? environment = null) =>
        ClusterEndpoints.Discover(choice, name => environment?.GetValueOrDefault(name), home.Path);
}
