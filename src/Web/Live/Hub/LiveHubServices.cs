using Microsoft.AspNetCore.SignalR;

namespace Runner.Web.Live.Hub;

/// <summary>Registers and maps the live hub for outside clients.</summary>
internal static class LiveHubServices
{
    public const string Path = "/live";

    /// <summary>Longest message of a client: references of a few hundred pods.</summary>
    private const int MaxReceived = 64 * 1024;

    /// <summary>Bytes that may wait for a client before its streams wait too.</summary>
    private const int MaxUnsent = 256 * 1024;

    public static IServiceCollection AddLiveHub(this IServiceCollection services)
    {
        services.AddSingleton<LiveConnections>();
        services.AddSingleton<LiveStreams>();
        services.AddSingleton<LiveHubLog>();
        services.AddSignalR().AddHubOptions<LiveHub>(options =>
        {
            options.AddFilter<LiveHubLog>();
            options.MaximumReceiveMessageSize = MaxReceived;
            options.KeepAliveInterval = TimeSpan.FromSeconds(10);
            options.ClientTimeoutInterval = TimeSpan.FromSeconds(30);
        });
        return services;
    }

    public static void MapLiveHub(this IEndpointRouteBuilder routes) => routes.MapHub<LiveHub>(Path, options =>
    {
        options.TransportMaxBufferSize = MaxUnsent;

        // A token lives a quarter of an hour: whoever stays longer brings a new one.
        options.CloseOnAuthenticationExpiration = true;
    });
}
