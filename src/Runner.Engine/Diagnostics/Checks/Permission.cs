using Runner.Engine.Configuration;

namespace Runner.Engine.Diagnostics.Checks;

/// <summary>One thing that the engine asks of an API server.</summary>
/// <param name="Namespace">Empty for all namespaces and for cluster-scoped kinds.</param>
/// <param name="Name">The one object that is wanted; empty for all.</param>
internal sealed record Permission(string Verb, string Group, string Resource, string Subresource, string Namespace, string Name = "")
{
    public override string ToString()
    {
        var resource = $"{Resource}{(Group.Length > 0 ? "." + Group : "")}{(Subresource.Length > 0 ? "/" + Subresource : "")}";
        var wanted = Name.Length > 0 ? $"{Verb} {resource} {Name}" : $"{Verb} {resource}";
        return Namespace.Length > 0 && Namespace != Name ? $"{wanted} in {Namespace}" : wanted;
    }

    /// <summary>Everything that the engine calls. Pure.</summary>
    public static IReadOnlyList<Permission> Needed(RunnerOptions options)
    {
        var work = options.WorkloadNamespace;
        return
        [
            .. Of("list watch", "", "nodes", ""),
            .. Of("list watch", "", "pods", ""),
            .. Of("get delete", "", "pods", work),
            new("get", "", "pods", "log", work),
            // A namespace lies in itself: a Role there may allow it as well as a ClusterRole.
            new("get", "", "namespaces", "", work, work),
            .. Of("list watch", "apiextensions.k8s.io", "customresourcedefinitions", ""),
            .. Of("list watch", "apps", "deployments", ""),
            .. Of("list watch", "apps", "statefulsets", ""),
            new("list", "storage.k8s.io", "storageclasses", "", ""),
            new("list", "metrics.k8s.io", "nodes", "", ""),
            new("list", "metrics.k8s.io", "pods", "", work),
            .. Of("list watch", "", "events", work),
            .. Of("get list watch create update", "", "configmaps", work),
            .. Of("get list create patch delete", "", "secrets", work),
            .. Of("get create", "", "services", work),
            .. Of("list create patch delete", "", "persistentvolumeclaims", work),
            .. Of("get list watch create update delete", "serving.knative.dev", "services", work),
            .. Of("list watch patch", "serving.knative.dev", "revisions", work),
            .. Of("get list watch create patch delete", "argoproj.io", "workflows", work),
            .. Of("get list watch create update delete", "leaderworkerset.x-k8s.io", "leaderworkersets", work),
            .. Of("get list watch create delete", "agents.x-k8s.io", "sandboxes", work),
            .. options.Hub.ConfigMapName.Length > 0 ? Of("list watch", "", "configmaps", options.RunnerNamespace, options.Hub.ConfigMapName) : [],
            .. options.QuotaName.Length > 0 ? Of("list watch", "", "resourcequotas", work, options.QuotaName) : [],
        ];
    }

    private static IEnumerable<Permission> Of(string verbs, string group, string resource, string @namespace, string name = "") =>
        verbs.Split(' ').Select(verb => new Permission(verb, group, resource, "", @namespace, name));
}

/// <param name="Allowed">What the API server says to a SelfSubjectAccessReview.</param>
internal sealed record PermissionAnswer(Permission Permission, bool Allowed);
