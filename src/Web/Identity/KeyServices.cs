using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Runner.Engine.Configuration;
using Runner.Engine.Storage;

namespace Runner.Web.Identity;

/// <summary>Registers where the keys of cookies, second factors and tokens are kept.</summary>
internal static class KeyServices
{
    public static IServiceCollection AddKeys(this IServiceCollection services, RunnerOptions options, KeyFolder folder)
    {
        var protection = services.AddDataProtection().SetApplicationName("csghub-runner");
        if (!options.SharesState)
        {
            protection.PersistKeysToFileSystem(folder.Directory);
            return services;
        }

        services.AddHostedService<AloneChanges>();
        services.AddSingleton(provider => new SharedKeys(provider.GetRequiredService<SharedState>(), folder));
        services.AddSingleton<IConfigureOptions<KeyManagementOptions>>(provider => new ConfigureOptions<KeyManagementOptions>(keys =>
            keys.XmlRepository = new SharedKeyRepository(provider.GetRequiredService<SharedKeys>(), folder, provider.GetRequiredService<ILoggerFactory>())));
        services.Replace(ServiceDescriptor.Singleton<IKeyManager>(provider =>
            new SharedKeyManager(ActivatorUtilities.CreateInstance<XmlKeyManager>(provider), provider.GetRequiredService<SharedKeys>())));
        return services;
    }
}
