namespace Runner.Engine.Telemetry;

/// <summary>Counts the requests of one cluster's client by what they ask for.</summary>
internal sealed class ApiCallCounter(string cluster) : DelegatingHandler
{
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var code = 0;
        try
        {
            var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
            code = (int)response.StatusCode;
            return response;
        }
        finally
        {
            var (verb, resource) = Describe(request.Method, request.RequestUri!);
            EngineMetrics.ApiCalls.Add(1, new("cluster", cluster), new("verb", verb), new("resource", resource), new("code", code));
        }
    }

    /// <summary>Verb and resource as the API server's own metrics name them: <c>watch</c> of <c>pods</c>, <c>get</c> of <c>pods/log</c>. Without names of objects.</summary>
    internal static (string Verb, string Resource) Describe(HttpMethod method, Uri address)
    {
        var parts = address.AbsolutePath.Trim('/').Split('/');
        var start = parts[0] switch { "api" => 2, "apis" => 3, _ => int.MaxValue };
        if (start < parts.Length - 2 && parts[start] == "namespaces")
        {
            start += 2;
        }

        if (start >= parts.Length)
        {
            return (method.Method.ToLowerInvariant(), "");
        }

        var named = start + 1 < parts.Length;
        var resource = start + 2 < parts.Length ? $"{parts[start]}/{parts[start + 2]}" : parts[start];
        var verb = method.Method switch
        {
            "GET" when !named => address.Query.Contains("watch=1", StringComparison.Ordinal) || address.Query.Contains("watch=true", StringComparison.Ordinal) ? "watch" : "list",
            "POST" => "create",
            "PUT" => "update",
            _ => method.Method.ToLowerInvariant(),
        };
        return (verb, resource);
    }
}
