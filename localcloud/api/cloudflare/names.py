"""The names Cloudflare knows, where it refuses others: alert types, datasets of Logpush, permission groups, roles.

Alert types and datasets are those of the official client, and a test compares them with it. Ids of permission groups and roles are
Cloudflare's own where they are public.
"""

from __future__ import annotations

from collections.abc import Mapping

_ALERT_TYPES = """
    abuse_report_alert access_custom_certificate_expiration_type advanced_ddos_attack_l4_alert advanced_ddos_attack_l7_alert
    advanced_http_alert_error bgp_hijack_notification billing_usage_alert block_notification_block_removed block_notification_new_block
    block_notification_review_rejected bot_traffic_basic_alert brand_protection_alert brand_protection_digest clickhouse_alert_fw_anomaly
    clickhouse_alert_fw_ent_anomaly cloudforce_one_request_notification cni_maintenance_notification custom_analytics
    custom_bot_detection_alert custom_ssl_certificate_event_type dedicated_ssl_certificate_event_type device_connectivity_anomaly_alert
    dos_attack_l4 dos_attack_l7 expiring_service_token_alert failing_logpush_job_disabled_alert fbm_auto_advertisement fbm_dosd_attack
    fbm_volumetric_attack health_check_status_notification hostname_aop_custom_certificate_expiration_type http_alert_edge_error
    http_alert_origin_error image_notification image_resizing_notification incident_alert load_balancing_health_alert
    load_balancing_pool_enablement_alert logo_match_alert magic_tunnel_health_check_event magic_wan_tunnel_health
    maintenance_event_notification mtls_certificate_store_certificate_expiration_type pages_event_alert radar_notification
    real_origin_monitoring scriptmonitor_alert_new_code_change_detections scriptmonitor_alert_new_hosts
    scriptmonitor_alert_new_malicious_hosts scriptmonitor_alert_new_malicious_scripts scriptmonitor_alert_new_malicious_url
    scriptmonitor_alert_new_max_length_resource_url scriptmonitor_alert_new_resources secondary_dns_all_primaries_failing
    secondary_dns_primaries_failing secondary_dns_warning secondary_dns_zone_successfully_updated secondary_dns_zone_validation_warning
    security_insights_alert sentinel_alert stream_live_notifications synthetic_test_latency_alert synthetic_test_low_availability_alert
    traffic_anomalies_alert tunnel_health_event tunnel_update_event universal_ssl_event_type web_analytics_metrics_update
    zone_aop_custom_certificate_expiration_type
    """
ALERT_TYPES = tuple(_ALERT_TYPES.split())

_DATASETS = """
    access_requests account_abuse_protection_events audit_logs audit_logs_v2 biso_user_actions casb_findings device_posture_results
    dex_application_tests dex_device_state_events dlp_forensic_copies dns_firewall_logs dns_logs email_security_alerts
    email_security_post_delivery_events firewall_events gateway_dns gateway_http gateway_network http_requests ipsec_logs magic_bgp_logs
    magic_ids_detections mcp_portal_logs mnm_flow_logs nel_reports network_analytics_logs page_shield_events sinkhole_http_logs
    spectrum_events ssh_logs turnstile_events warp_config_changes warp_toggle_changes websocket_analytics workers_trace_events zaraz_events
    zero_trust_network_sessions
    """
DATASETS = tuple(_DATASETS.split())

PERMISSION_GROUPS: Mapping[str, str] = {
    "c8fed203ed3043cba015a93ad1616f1f": "Zone Read",
    "e6d2666161e84845a636613608cee8d5": "Zone Write",
    "82e64a83756745bbbb1c9c2701bf816b": "DNS Read",
    "4755a26eedb94da69e1066d98aa820be": "DNS Write",
    "517b21aee92c4d89936c976ba6e4be55": "Zone Settings Read",
    "3030687196b94b638145a3953da2b699": "Zone Settings Write",
    "dbc512b354774852af2b5a5f4ba3d470": "Zone WAF Read",
    "fb6778dc191143babbfaa57993f1d275": "Zone WAF Write",
    "c4a30cd58c5d42619c86a3c36c441e2d": "Logs Read",
    "96163bd1b0784f62b3e44ed8c2ab1eb6": "Logs Write",
    "e17beae8b8cb423a99b1730f21238bed": "Cache Purge",
    "c1fde68c7bcc44588cbb6ddbc16d6480": "Account Settings Read",
    "1af1fa2adc104452b74a9a3364202f20": "Account Settings Write",
}
"""Id -> name; the last two are of an account, the others of a zone."""

OF_ACCOUNTS = "com.cloudflare.api.account"
OF_ZONES = "com.cloudflare.api.account.zone"

ROLES: Mapping[str, str] = {
    "33666b9c79b9a5273fc7344ff42f953d": "Super Administrator - All Privileges",
    "05784afa30c1afe1440e79d9351c7430": "Administrator",
    "d6e3b2a5b8f94c0e8d3a4c5b6f7e8d90": "Administrator Read Only",
}
