"""The resource types that controls know, by Pulumi's token, and the word a reader knows each by."""

from __future__ import annotations

from collections.abc import Mapping

DROPLET = "digitalocean:index/droplet:Droplet"
VPC = "digitalocean:index/vpc:Vpc"
BALANCER = "digitalocean:index/loadBalancer:LoadBalancer"
CLUSTER = "digitalocean:index/databaseCluster:DatabaseCluster"
REPLICA = "digitalocean:index/databaseReplica:DatabaseReplica"
TRUSTED = "digitalocean:index/databaseFirewall:DatabaseFirewall"
VOLUME = "digitalocean:index/volume:Volume"
BUCKET = "digitalocean:index/spacesBucket:SpacesBucket"
TAG = "digitalocean:index/tag:Tag"
FIREWALL = "digitalocean:index/firewall:Firewall"
RESERVED_IP = "digitalocean:index/reservedIp:ReservedIp"
RESERVED_IP_ASSIGNMENT = "digitalocean:index/reservedIpAssignment:ReservedIpAssignment"
DIGITALOCEAN_RECORD = "digitalocean:index/dnsRecord:DnsRecord"
APP = "digitalocean:index/app:App"
SSH_KEY = "digitalocean:index/sshKey:SshKey"
SPACES_KEY = "digitalocean:index/spacesKey:SpacesKey"
BUCKET_POLICY = "digitalocean:index/spacesBucketPolicy:SpacesBucketPolicy"
VOLUME_ATTACHMENT = "digitalocean:index/volumeAttachment:VolumeAttachment"
LOG_SINK = "digitalocean:index/databaseLogsinkRsyslog:DatabaseLogsinkRsyslog"
SEARCH_SINK = "digitalocean:index/databaseLogsinkOpensearch:DatabaseLogsinkOpensearch"
MONITOR_ALERT = "digitalocean:index/monitorAlert:MonitorAlert"
UPTIME_ALERT = "digitalocean:index/uptimeAlert:UptimeAlert"
KUBERNETES = "digitalocean:index/kubernetesCluster:KubernetesCluster"
CERTIFICATE = "digitalocean:index/certificate:Certificate"
RESERVED_IPV6 = "digitalocean:index/reservedIpv6:ReservedIpv6"
RESERVED_IPV6_ASSIGNMENT = "digitalocean:index/reservedIpv6Assignment:ReservedIpv6Assignment"
AUTOSCALE = "digitalocean:index/dropletAutoscale:DropletAutoscale"
NODE_POOL = "digitalocean:index/kubernetesNodePool:KubernetesNodePool"
ZONE = "cloudflare:index/zone:Zone"
ZONE_SETTING = "cloudflare:index/zoneSetting:ZoneSetting"
HOSTNAME_TLS = "cloudflare:index/hostnameTlsSetting:HostnameTlsSetting"
RECORD = "cloudflare:index/dnsRecord:DnsRecord"
RULESET = "cloudflare:index/ruleset:Ruleset"
PAGE_RULE = "cloudflare:index/pageRule:PageRule"
LOGPUSH = "cloudflare:index/logpushJob:LogpushJob"
NOTIFICATION = "cloudflare:index/notificationPolicy:NotificationPolicy"
WEBHOOK = "cloudflare:index/notificationPolicyWebhooks:NotificationPolicyWebhooks"
ACCOUNT = "cloudflare:index/account:Account"
MEMBER = "cloudflare:index/accountMember:AccountMember"
PROJECT = "digitalocean:index/project:Project"
DATABASE = "digitalocean:index/databaseDb:DatabaseDb"
DNSSEC = "cloudflare:index/zoneDnssec:ZoneDnssec"
UNIVERSAL_SSL = "cloudflare:index/universalSslSetting:UniversalSslSetting"
BOT_MANAGEMENT = "cloudflare:index/botManagement:BotManagement"
CERTIFICATE_PACK = "cloudflare:index/certificatePack:CertificatePack"
ORIGIN_CERTIFICATE = "cloudflare:index/originCaCertificate:OriginCaCertificate"
ORIGIN_PULL_CERTIFICATE = "cloudflare:index/authenticatedOriginPullsCertificate:AuthenticatedOriginPullsCertificate"
API_TOKEN = "cloudflare:index/apiToken:ApiToken"  # noqa: S105 - a type's name
ACCOUNT_TOKEN = "cloudflare:index/accountToken:AccountToken"  # noqa: S105 - a type's name

KINDS: Mapping[str, str] = {
    DROPLET: "droplet",
    VPC: "VPC",
    BALANCER: "balancer",
    CLUSTER: "database",
    REPLICA: "replica",
    TRUSTED: "trusted sources",
    VOLUME: "volume",
    BUCKET: "bucket",
    FIREWALL: "firewall",
    RESERVED_IP: "reserved address",
    APP: "app",
    KUBERNETES: "Kubernetes cluster",
    ZONE: "zone",
    RECORD: "record",
    DIGITALOCEAN_RECORD: "record",
    RULESET: "ruleset",
    PAGE_RULE: "page rule",
    SSH_KEY: "SSH key",
    SPACES_KEY: "Spaces key",
    BUCKET_POLICY: "bucket policy",
    VOLUME_ATTACHMENT: "volume attachment",
    LOG_SINK: "log sink",
    SEARCH_SINK: "log sink",
    MONITOR_ALERT: "alert",
    UPTIME_ALERT: "uptime alert",
    LOGPUSH: "Logpush job",
    NOTIFICATION: "notification policy",
    WEBHOOK: "webhook",
    ACCOUNT: "account",
    MEMBER: "account member",
    ZONE_SETTING: "zone setting",
    DATABASE: "database within a cluster",
    TAG: "tag",
    CERTIFICATE: "certificate",
    CERTIFICATE_PACK: "certificate pack",
    ORIGIN_CERTIFICATE: "origin certificate",
    ORIGIN_PULL_CERTIFICATE: "origin-pull certificate",
    RESERVED_IPV6: "reserved address",
    NODE_POOL: "node pool",
    DNSSEC: "DNSSEC",
    UNIVERSAL_SSL: "universal SSL",
    BOT_MANAGEMENT: "bot management",
    AUTOSCALE: "autoscale pool",
    RESERVED_IP_ASSIGNMENT: "assignment of a reserved address",
    RESERVED_IPV6_ASSIGNMENT: "assignment of a reserved address",
    API_TOKEN: "token",
    ACCOUNT_TOKEN: "token",
}
