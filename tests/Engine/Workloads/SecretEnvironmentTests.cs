using System.Text;
using k8s;
using k8s.Models;
using Runner.Engine.Workloads.Containers;

namespace Runner.Tests.Engine.Workloads;

public sealed class SecretEnvironmentTests
{
    [Fact]
    public void What_looks_secret_goes_into_a_Secret_and_the_rest_stays_in_its_order()
    {
        var (variables, secret) = SecretEnvironment.Split(
            [Variable("PORT", "8000"), Variable("ACCESS_TOKEN", "tok-planted"), Variable("GIT", "https://ann:planted@host/x.git"), Reference("NGC_API_KEY"), Variable("REVISION", "main"), Variable("EMPTY_TOKEN", "")],
            "web",
            "spaces");

        Assert.Equal(["PORT", "ACCESS_TOKEN", "GIT", "NGC_API_KEY", "REVISION", "EMPTY_TOKEN"], variables.Select(variable => variable.Name));
        Assert.DoesNotContain("planted", KubernetesJson.Serialize(variables), StringComparison.Ordinal);
        Assert.Equal(["ACCESS_TOKEN", "GIT"], secret!.Data.Keys.Order());
        Assert.Equal("tok-planted", Encoding.UTF8.GetString(secret.Data["ACCESS_TOKEN"]));
        Assert.All(["ACCESS_TOKEN", "GIT"], name =>
        {
            var reference = variables.Single(variable => variable.Name == name).ValueFrom.SecretKeyRef;
            Assert.Equal((secret.Metadata.Name, name), (reference.Name, reference.Key));
        });
        Assert.Equal("other", variables[3].ValueFrom.SecretKeyRef.Name);
    }

    [Fact]
    public void The_same_values_give_the_same_name_and_others_another()
    {
        Assert.Equal(Name("a", "1"), Name("a", "1"));
        Assert.NotEqual(Name("a", "1"), Name("a", "2"));
        Assert.NotEqual(Name("a", "1"), Name("b", "1"));
        Assert.NotEqual(Name("ab", "1"), Name("a", "b1"));

        static string Name(string variable, string value) => SecretEnvironment.Split([Variable($"TOKEN_{variable}", value)], "web", "spaces").Secret!.Metadata.Name;
    }

    [Fact]
    public void Without_secrets_there_is_no_Secret() => Assert.Null(SecretEnvironment.Split([Variable("PORT", "8000")], "web", "spaces").Secret);

    private static V1EnvVar Variable(string name, string value) => new() { Name = name, Value = value };

    private static V1EnvVar Reference(string name) => new() { Name = name, ValueFrom = new() { SecretKeyRef = new() { Name = "other", Key = name } } };
}
