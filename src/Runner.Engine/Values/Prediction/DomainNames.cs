namespace Runner.Engine.Values;

/// <summary>The addresses that the charts make of the domain.</summary>
internal sealed class DomainNames(EffectiveValues values)
{
    private string Domain => values.Text("global.gateway.external.domain");

    /// <summary>Where the runner answers, with its scheme.</summary>
    public string Runner => Endpoint($"{values.Text("name")}.{Base()}");

    /// <summary>Where users reach the hub, with its scheme.</summary>
    public string Hub => Endpoint(Domain);

    /// <summary>Under which applications get their addresses, without a scheme.</summary>
    public string Public => WithoutScheme(Endpoint(values.Text("global.gateway.external.public") is { Length: > 0 } own ? own : Domain.Split('.').Length <= 2 ? $"csghub.{Domain}" : Domain));

    public static string WithoutScheme(string url) => Without(Without(url, "http://"), "https://");

    private static string Without(string text, string prefix) => text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text;

    private string Base() => !values.IsTrue("global.gateway.external.useTop") && Domain.Split('.').Length >= 3 ? Domain[(Domain.IndexOf('.') + 1)..] : Domain;

    private string Endpoint(string host)
    {
        var tls = values.IsTrue("global.gateway.tls.enabled");
        var port = values.Text("global.gateway.service.type") == "LoadBalancer" ? ""
            : ":" + (values.Text($"global.gateway.service.nodePorts.{(tls ? "https" : "http")}") is { Length: > 0 } own ? own : tls ? "30443" : "30080");
        return $"{(tls ? "https" : "http")}://{host}{port}";
    }
}
