-- The sandbox's Campaign database: the tables, columns and keys of Campaign Classic that imports and exports touch.
--
-- Grain     -
-- In        an empty database
-- Out       tables, indexes, sequences; PostgreSQL folds the names to lower case, as in a real instance
-- Re-run    fails; the caller looks for NmsRecipient first
--
-- Campaign's rules: numbers are NOT NULL DEFAULT 0, strings and dates may be NULL, links default to 0 and lead to the
-- zero-id row that every table has.
CREATE SEQUENCE XtkNewId AS integer START WITH 1000;
CREATE SEQUENCE NmsBroadLogId AS integer START WITH 1000;
CREATE SEQUENCE NmsTrackingLogId AS integer START WITH 1000;

CREATE TABLE XtkFolder (
    iFolderId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iParentId integer NOT NULL DEFAULT 0,
    iChildCount integer NOT NULL DEFAULT 0,
    sName varchar(80),
    sFullName varchar(255),
    sLabel varchar(128),
    sModel varchar(64),
    sEntity varchar(64),
    sNature varchar(64),
    tsCreated timestamptz,
    tsLastModified timestamptz,
    mData text
);
CREATE UNIQUE INDEX XtkFolder_name ON XtkFolder (sName);

CREATE TABLE XtkOption (
    iOptionId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    sName varchar(100),
    iDataType smallint NOT NULL DEFAULT 0,
    sStringValue varchar(255),
    lLongValue bigint NOT NULL DEFAULT 0,
    dDoubleValue double precision NOT NULL DEFAULT 0,
    tsTimeStampValue timestamptz,
    mMemoValue text,
    tsLastModified timestamptz
);
CREATE UNIQUE INDEX XtkOption_name ON XtkOption (sName);

CREATE TABLE NmsRecipient (
    iRecipientId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iFolderId integer NOT NULL DEFAULT 0,
    sAccount varchar(255),
    sEmail varchar(128),
    sSalutation varchar(20),
    sFirstName varchar(30),
    sMiddleName varchar(30),
    sLastName varchar(50),
    sPhone varchar(32),
    sMobilePhone varchar(32),
    sFax varchar(32),
    tsBirth date,
    iGender smallint NOT NULL DEFAULT 0,
    iStatus smallint NOT NULL DEFAULT 0,
    iEmailFormat smallint NOT NULL DEFAULT 0,
    sLanguage varchar(255),
    sCompany varchar(255),
    sOrigin varchar(255),
    sAddress1 varchar(255),
    sAddress2 varchar(255),
    sAddress3 varchar(255),
    sAddress4 varchar(255),
    sZipCode varchar(255),
    sCity varchar(255),
    sStateCode varchar(255),
    sCountryCode varchar(2),
    sText1 varchar(255),
    sText2 varchar(255),
    sText3 varchar(255),
    sText4 varchar(255),
    sText5 varchar(255),
    iBoolean1 smallint NOT NULL DEFAULT 0,
    iBoolean2 smallint NOT NULL DEFAULT 0,
    iBoolean3 smallint NOT NULL DEFAULT 0,
    iBlackList smallint NOT NULL DEFAULT 0,
    iBlackListEmail smallint NOT NULL DEFAULT 0,
    iBlackListMobile smallint NOT NULL DEFAULT 0,
    iBlackListPhone smallint NOT NULL DEFAULT 0,
    iBlackListFax smallint NOT NULL DEFAULT 0,
    iBlackListPostalMail smallint NOT NULL DEFAULT 0,
    iAddrErrorCount integer NOT NULL DEFAULT 0,
    iAddrQuality smallint NOT NULL DEFAULT 0,
    tsAddrLastCheck timestamptz,
    iCreatedById integer NOT NULL DEFAULT 0,
    iModifiedById integer NOT NULL DEFAULT 0,
    tsCreated timestamptz,
    tsLastModified timestamptz,
    mData text
);

CREATE TABLE NmsGroup (
    iGroupId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iFolderId integer NOT NULL DEFAULT 0,
    sName varchar(64),
    sLabel varchar(128),
    iType smallint NOT NULL DEFAULT 0,
    iOrigin smallint NOT NULL DEFAULT 0,
    sSchema varchar(64),
    iDeleteStatus smallint NOT NULL DEFAULT 0,
    tsExpirationDate timestamptz,
    tsCreated timestamptz,
    tsLastModified timestamptz,
    mData text
);
CREATE UNIQUE INDEX NmsGroup_name ON NmsGroup (sName);

CREATE TABLE NmsRcpGrpRel (
    iRecipientId integer NOT NULL DEFAULT 0,
    iGroupId integer NOT NULL DEFAULT 0
);

CREATE TABLE NmsService (
    iServiceId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iFolderId integer NOT NULL DEFAULT 0,
    sName varchar(64),
    sLabel varchar(128),
    iType smallint NOT NULL DEFAULT 0,
    iMode smallint NOT NULL DEFAULT 0,
    iUnlimited smallint NOT NULL DEFAULT 0,
    tsValidity timestamptz,
    tsCreated timestamptz,
    tsLastModified timestamptz,
    mData text
);
CREATE UNIQUE INDEX NmsService_name ON NmsService (sName);

CREATE TABLE NmsSubscription (
    iRecipientId integer NOT NULL DEFAULT 0,
    iServiceId integer NOT NULL DEFAULT 0,
    iDeleteStatus smallint NOT NULL DEFAULT 0,
    iEmailFormat smallint NOT NULL DEFAULT 0,
    iConfirmationId integer NOT NULL DEFAULT 0,
    sAddressSpecific varchar(255),
    tsCreated timestamptz,
    tsExpiration timestamptz,
    PRIMARY KEY (iRecipientId, iServiceId)
);

CREATE TABLE NmsSubHisto (
    iSubHistoId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iRecipientId integer NOT NULL DEFAULT 0,
    iServiceId integer NOT NULL DEFAULT 0,
    iDeliveryId integer NOT NULL DEFAULT 0,
    iAction smallint NOT NULL DEFAULT 0,
    tsDate timestamptz
);

CREATE TABLE NmsDelivery (
    iDeliveryId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iFolderId integer NOT NULL DEFAULT 0,
    iFolderProcessId integer NOT NULL DEFAULT 0,
    iOperationId integer NOT NULL DEFAULT 0,
    iWorkflowId integer NOT NULL DEFAULT 0,
    iMappingId integer NOT NULL DEFAULT 0,
    sInternalName varchar(64),
    sLabel varchar(128),
    sDeliveryCode varchar(64),
    sNature varchar(64),
    iMessageType smallint NOT NULL DEFAULT 0,
    iState smallint NOT NULL DEFAULT 0,
    iStatus smallint NOT NULL DEFAULT 0,
    iDeliveryMode smallint NOT NULL DEFAULT 0,
    iDeleteStatus smallint NOT NULL DEFAULT 0,
    iIsModel smallint NOT NULL DEFAULT 0,
    iFCP smallint NOT NULL DEFAULT 0,
    iToDeliver integer NOT NULL DEFAULT 0,
    iProcessed integer NOT NULL DEFAULT 0,
    iSuccess integer NOT NULL DEFAULT 0,
    iError integer NOT NULL DEFAULT 0,
    iReject integer NOT NULL DEFAULT 0,
    iNewQuarantine integer NOT NULL DEFAULT 0,
    iOptOut integer NOT NULL DEFAULT 0,
    iRecipientOpen integer NOT NULL DEFAULT 0,
    iRecipientClick integer NOT NULL DEFAULT 0,
    tsContact timestamptz,
    tsBroadStart timestamptz,
    tsBroadEnd timestamptz,
    tsValidity timestamptz,
    tsCreated timestamptz,
    tsLastModified timestamptz,
    mData text
);
CREATE UNIQUE INDEX NmsDelivery_internalName ON NmsDelivery (sInternalName);

CREATE TABLE NmsBroadLogMsg (
    iBroadLogMsgId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iFailureType smallint NOT NULL DEFAULT 0,
    iFailureReason smallint NOT NULL DEFAULT 0,
    iQualifStatus smallint NOT NULL DEFAULT 0,
    iCount integer NOT NULL DEFAULT 0,
    iRuleId integer NOT NULL DEFAULT 0,
    sText varchar(255),
    sFirstText varchar(255),
    sFirstAddress varchar(255),
    sMd5 varchar(32),
    tsCreated timestamptz,
    tsLastModified timestamptz
);

CREATE TABLE NmsBroadLogRcp (
    iBroadLogId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iDeliveryId integer NOT NULL DEFAULT 0,
    iRecipientId integer NOT NULL DEFAULT 0,
    iMsgId integer NOT NULL DEFAULT 0,
    iServiceId integer NOT NULL DEFAULT 0,
    iStatus smallint NOT NULL DEFAULT 0,
    iFlags smallint NOT NULL DEFAULT 0,
    sAddress varchar(512),
    sSegmentCode varchar(50),
    tsEvent timestamptz,
    tsLastModified timestamptz
);

CREATE TABLE NmsExcludeLogRcp (
    iBroadLogId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iDeliveryId integer NOT NULL DEFAULT 0,
    iRecipientId integer NOT NULL DEFAULT 0,
    iMsgId integer NOT NULL DEFAULT 0,
    iStatus smallint NOT NULL DEFAULT 0,
    iFlags smallint NOT NULL DEFAULT 0,
    sAddress varchar(512),
    tsEvent timestamptz,
    tsLastModified timestamptz
);

CREATE TABLE NmsTrackingUrl (
    iTrackingUrlId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iDeliveryId integer NOT NULL DEFAULT 0,
    iType smallint NOT NULL DEFAULT 0,
    iFolderId integer NOT NULL DEFAULT 0,
    iWebAppId integer NOT NULL DEFAULT 0,
    iOfferId integer NOT NULL DEFAULT 0,
    iStep smallint NOT NULL DEFAULT 0,
    iOccurrence integer NOT NULL DEFAULT 0,
    iChecksum integer NOT NULL DEFAULT 0,
    iWithParams smallint NOT NULL DEFAULT 0,
    sCategory varchar(255),
    sLabel varchar(255),
    sSource varchar(2048),
    sGoal varchar(255),
    sTagId varchar(64),
    sTrackerName varchar(64),
    tsValidity timestamptz
);
CREATE UNIQUE INDEX NmsTrackingUrl_tagId ON NmsTrackingUrl (sTagId);

CREATE TABLE NmsUserAgent (
    iHashKey integer NOT NULL DEFAULT 0 PRIMARY KEY,
    sBrowserName varchar(64),
    sBrowserVersion varchar(64),
    sDevice varchar(64),
    sOsName varchar(64),
    sOsFamilly varchar(64) -- spelled like this in Campaign
);

CREATE TABLE NmsTrackingLogRcp (
    iTrackingLogId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    iBroadLogId integer NOT NULL DEFAULT 0,
    iDeliveryId integer NOT NULL DEFAULT 0,
    iRecipientId integer NOT NULL DEFAULT 0,
    iUrlId integer NOT NULL DEFAULT 0,
    iUserAgent integer NOT NULL DEFAULT 0,
    sExternalId varchar(48),
    sSourceId varchar(48),
    sSourceType varchar(16),
    tsLog timestamptz
);

CREATE TABLE NmsAddress (
    iAddressId integer NOT NULL DEFAULT 0 PRIMARY KEY,
    sAddress varchar(192),
    iType smallint NOT NULL DEFAULT 0,
    iStatus smallint NOT NULL DEFAULT 0,
    iQuarantineReason smallint NOT NULL DEFAULT 0,
    mQuarantineText text,
    iConsecutiveError integer NOT NULL DEFAULT 0,
    iDeliveryId integer NOT NULL DEFAULT 0,
    tsLastError timestamptz,
    tsCreated timestamptz,
    tsLastModified timestamptz
);
