using Microsoft.AspNetCore.HttpOverrides;
using Runner.Engine.Configuration;

namespace Runner.Web.Hosting;

/// <summary>Takes address, scheme, host and path prefix of the caller from <c>X-Forwarded-*</c>, but only from proxies that are configured.</summary>
internal static class TrustedProxies
{
    public static void UseTrustedProxies(this IApplicationBuilder app, RunnerOptions options)
    {
        if (options.TrustedProxies.Count == 0)
        {
            return;
        }

        var forwarded = new ForwardedHeadersOptions
        {
            ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost | ForwardedHeaders.XForwardedPrefix,

            // As many hops as there are trusted proxies in a row; the first one that is not trusted ends it.
            ForwardLimit = null,
        };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var network in options.TrustedProxies)
        {
            forwarded.KnownIPNetworks.Add(network);
        }

        app.UseForwardedHeaders(forwarded);
    }
}
