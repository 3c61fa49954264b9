using Runner.Engine.Configuration;

namespace Runner.Engine.Registry;

/// <summary>What a registry test is to reach, and as whom.</summary>
/// <param name="Address">As in image names: <c>registry.example.com:5000/csghub</c>. A scheme in front decides over <paramref name="PlainHttp"/>.</param>
/// <param name="UserName">Empty for none.</param>
/// <param name="Password">Secret.</param>
/// <param name="Repository">Repository whose scopes are tested, with its namespace; empty for <c>runner-probe</c> under the address's own.</param>
/// <param name="PlainHttp">HTTP without TLS.</param>
/// <param name="SkipTlsVerify">Whether a certificate that cannot be verified is taken all the same.</param>
public sealed record RegistryTarget(string Address, string UserName, string Password, string Repository, bool PlainHttp, bool SkipTlsVerify)
{
    /// <summary>What the settings say, without the credentials, which are in the cluster's pull secret.</summary>
    public static RegistryTarget Of(RunnerOptions options)
    {
        var arguments = options.ImageBuilds.KanikoArguments;
        bool Says(string name) => arguments.Any(argument => argument == name || argument == $"{name}=true" || argument.StartsWith($"{name}-registry", StringComparison.Ordinal));
        return new(options.Services.BuildRegistry, "", "", "", Says("--insecure"), Says("--skip-tls-verify"));
    }

    /// <summary>Without the password.</summary>
    public override string ToString() => Address;
}

/// <summary>A registry's address, taken apart.</summary>
/// <param name="Namespace">What stands before repositories' names, without slashes around; empty for none.</param>
internal sealed record RegistryAddress(string Host, int Port, bool Tls, string Namespace)
{
    private const string DockerHub = "registry-1.docker.io";

    /// <summary>Host, and port where it is not the scheme's own, as in image names and pull secrets.</summary>
    public string Authority => Port == (Tls ? 443 : 80) ? Bracketed : $"{Bracketed}:{Port}";

    /// <summary>Where the API is.</summary>
    public Uri Base => new($"{(Tls ? "https" : "http")}://{Bracketed}:{Port}/");

    private string Bracketed => Host.Contains(':', StringComparison.Ordinal) ? $"[{Host}]" : Host;

    /// <summary>Reads an address as image names have it. Pure.</summary>
    /// <returns>Null for what is no address.</returns>
    public static RegistryAddress? Parse(string text, bool plainHttp)
    {
        var address = text.Trim();
        var scheme = address.IndexOf("://", StringComparison.Ordinal);
        var tls = scheme < 0 ? !plainHttp : address.StartsWith("https", StringComparison.OrdinalIgnoreCase);
        var rest = scheme < 0 ? address : address[(scheme + 3)..];

        // As Docker reads names: without a dot or a port the first part is no host but a namespace of Docker Hub.
        var first = rest.Split('/')[0];
        var isHost = scheme >= 0 || first is "localhost" || first.AsSpan().IndexOfAny(".:") >= 0;
        if (first.Length == 0 || !Uri.TryCreate($"{(tls ? "https" : "http")}://{(isHost ? "" : DockerHub + "/")}{rest}", UriKind.Absolute, out var uri) || uri.UserInfo.Length > 0)
        {
            return null;
        }

        var host = uri.IdnHost is "docker.io" or "index.docker.io" ? DockerHub : uri.IdnHost;
        return new(host, uri.Port, tls, uri.AbsolutePath.Trim('/'));
    }

    /// <summary>The repository to test.</summary>
    public string Repository(string chosen)
    {
        var name = chosen.Trim().Trim('/');
        return name.Length > 0 ? name : Namespace.Length > 0 ? $"{Namespace}/runner-probe" : "runner-probe";
    }
}
